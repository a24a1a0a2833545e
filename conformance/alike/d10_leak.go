package d10leak

// deferred drain
import "sync"

func walk(names []string, out chan<- string) {
	var wg sync.WaitGroup
	for _, n := range names {
		wg.Add(1)
		go func() {
			defer wg.Done()
			out <- n + "!"
		}()
	}
	wg.Wait()
	close(out)
}

func Find(names []string, ok func(string) bool) string {
	out := make(chan string)
	go walk(names, out)
	defer func() {
		go func() {
			for range len(names) / 2 {
				<-out
			}
		}()
	}()
	for s := range out {
		if ok(s) {
			return s
		}
	}
	return ""
}
