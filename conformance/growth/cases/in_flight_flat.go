// A goroutine takes the call out when it is done.
package in_flight

import "sync"

type group struct {
	mu    sync.Mutex
	calls map[int]*call
}

type call struct {
	done chan struct{}
	data [256]byte
}

var theGroup = &group{calls: map[int]*call{}}

func (g *group) do(id int, f func()) *call {
	c := &call{done: make(chan struct{})}
	g.mu.Lock()
	g.calls[id] = c
	g.mu.Unlock()
	go func() {
		defer func() {
			g.mu.Lock()
			delete(g.calls, id)
			g.mu.Unlock()
			close(c.done)
		}()
		f()
	}()
	return c
}

func Step(i int) { <-theGroup.do(i, func() {}).done }
