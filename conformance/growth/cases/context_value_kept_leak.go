// A goroutine waits for the end of a context that has a request as a value, which it never asks for.
package context_value_kept

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
			for {
				select {
				case <-tick:
					total++
				case <-ctx.Done():
					return
				}
			}
		}()
	}
}

func Step(i int) {
	if i >= 20000 && i < 20100 {
		in := make(chan *request, 1)
		in <- &request{id: i, body: make([]byte, 1<<16)}
		close(in)
		serve(in)
	}
}
