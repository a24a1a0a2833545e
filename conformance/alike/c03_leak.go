package c03leak

// pending entry removed by the undo closure
import (
	"context"
	"sync"
)

type Waiters struct {
	mu sync.Mutex
	n  uint64
	m  map[uint64]chan string
}

func New() *Waiters { return &Waiters{m: map[uint64]chan string{}} }

func (w *Waiters) register() (uint64, <-chan string, func()) {
	ch := make(chan string, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n++
	id := w.n
	w.m[id] = ch
	return id, ch, func() {
		w.mu.Lock()
		delete(w.m, id)
		w.mu.Unlock()
	}
}

func (w *Waiters) Resolve(id uint64, v string) {
	w.mu.Lock()
	ch := w.m[id]
	delete(w.m, id)
	w.mu.Unlock()
	if ch != nil {
		ch <- v
	}
}

func (w *Waiters) Ask(ctx context.Context, send func(uint64) error) (string, error) {
	id, ch, undo := w.register()
	if err := send(id); err != nil {
		return "", err
	}
	defer undo()
	select {
	case v := <-ch:
		return v, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
