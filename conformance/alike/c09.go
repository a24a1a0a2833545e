package c09

// poison pills
import "sync"

type job struct{ f func() }

func RunAll(fs []func(), n int) {
	ch := make(chan *job)
	var wg sync.WaitGroup
	for range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				j := <-ch
				if j == nil {
					return
				}
				j.f()
			}
		}()
	}
	for _, f := range fs {
		ch <- &job{f}
	}
	for range n {
		ch <- nil
	}
	wg.Wait()
}
