package b23

// batcher: flush responds to all waiters, also at close
import "sync"

type item struct {
	v    int
	done chan error
}

type Batcher struct {
	in    chan item
	wg    sync.WaitGroup
	write func([]int) error
}

func New(write func([]int) error) *Batcher {
	b := &Batcher{in: make(chan item, 8), write: write}
	b.wg.Add(1)
	go b.run()
	return b
}

func (b *Batcher) run() {
	defer b.wg.Done()
	var vs []int
	var waiting []chan error
	flush := func() {
		if len(vs) == 0 {
			return
		}
		err := b.write(vs)
		for _, w := range waiting {
			w <- err
		}
		vs, waiting = vs[:0], waiting[:0]
	}
	for it := range b.in {
		vs = append(vs, it.v)
		waiting = append(waiting, it.done)
		if len(vs) == cap(b.in) || len(b.in) == 0 {
			flush()
		}
	}
	flush()
}

func (b *Batcher) Put(v int) error {
	done := make(chan error)
	b.in <- item{v, done}
	return <-done
}

func (b *Batcher) Close() {
	close(b.in)
	b.wg.Wait()
}
