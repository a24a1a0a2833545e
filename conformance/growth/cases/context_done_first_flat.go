// A goroutine takes the channel of a context before its loop, and lets the context and its values go.
package context_done_first

import "context"

type request struct {
	id   int
	body []byte
}

type key struct{}

var (
	total       int
	tick        = make(chan bool)
	parent, End = context.WithCancel(context.Background())
)

func serve(in chan *request) {
	for r := range in {
		ctx := context.WithValue(parent, key{}, r)
		go func() {
			done := ctx.Done()
			for {
				select {
				case <-tick:
					total++
				case <-done:
					return
				}
			}
		}()
	}
}

func Step(i int) {
	if i >= 20000 && i < 20010 {
		in := make(chan *request, 1)
		in <- &request{id: i, body: make([]byte, 1<<16)}
		close(in)
		serve(in)
	}
}
