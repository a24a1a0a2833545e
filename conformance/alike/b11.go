package b11

// broadcast with lock: subscribers have own goroutine; Close closes all channels
import (
	"context"
	"sync"
)

type Hub struct {
	mu     sync.Mutex
	subs   map[*sub]struct{}
	closed bool
}

type sub struct {
	ch   chan string
	gone chan struct{}
}

func NewHub() *Hub { return &Hub{subs: map[*sub]struct{}{}} }

func (h *Hub) Watch(ctx context.Context, fn func(string)) bool {
	s := &sub{ch: make(chan string), gone: make(chan struct{})}
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return false
	}
	h.subs[s] = struct{}{}
	h.mu.Unlock()
	go func() {
		defer func() {
			close(s.gone)
			h.mu.Lock()
			delete(h.subs, s)
			h.mu.Unlock()
		}()
		for {
			select {
			case m, ok := <-s.ch:
				if !ok {
					return
				}
				fn(m)
			case <-ctx.Done():
				return
			}
		}
	}()
	return true
}

func (h *Hub) Send(m string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	for s := range h.subs {
		select {
		case s.ch <- m:
		case <-s.gone:
		}
	}
}

func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.closed = true
	for s := range h.subs {
		close(s.ch)
	}
}
