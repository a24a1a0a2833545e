package g06

// semaphore acquired in producer, released in consumer of the result
type item struct {
	b   []byte
	err error
}

func Prefetch(names []string, depth int, load func(string) ([]byte, error), use func([]byte) error) error {
	sem := make(chan struct{}, depth)
	out := make(chan item)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		defer close(out)
		for _, n := range names {
			select {
			case sem <- struct{}{}:
			case <-stop:
				return
			}
			b, err := load(n)
			select {
			case out <- item{b, err}:
			case <-stop:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	for it := range out {
		<-sem
		if it.err != nil {
			return it.err
		}
		if err := use(it.b); err != nil {
			return err
		}
	}
	return nil
}
