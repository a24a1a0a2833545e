package c20leak

// RWMutex guards close against send: senders hold RLock
import (
	"context"
	"sync"
)

type Feed struct {
	mu     sync.RWMutex
	closed bool
	ch     chan int
	stop   chan struct{}
}

func New() *Feed { return &Feed{ch: make(chan int), stop: make(chan struct{})} }

func (f *Feed) Send(ctx context.Context, v int) bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.closed {
		return false
	}
	select {
	case f.ch <- v:
		return true
	case <-f.stop:
		return false
	case <-ctx.Done():
		return false
	}
}

func (f *Feed) Each(fn func(int)) {
	for v := range f.ch {
		fn(v)
	}
}

var once sync.Mutex

func (f *Feed) Close() {
	once.Lock()
	select {
	case <-f.stop:
		once.Unlock()
		return
	default:
		close(f.stop)
	}
	once.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	close(f.ch)
}

func Pump(ctx context.Context, vs []int, fn func(int)) {
	f := New()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.Each(fn)
	}()
	for _, v := range vs {
		if !f.Send(ctx, v) {
			return
		}
	}
	f.Close()
	<-done
}
