package h03

// subscription with replaceable signal, waiter loops on version
import (
	"context"
	"sync/atomic"
)

type Val struct {
	cur atomic.Pointer[version]
}

type version struct {
	n    int
	next chan struct{}
}

func New() *Val {
	v := &Val{}
	v.cur.Store(&version{next: make(chan struct{})})
	return v
}

func (v *Val) Set(n int) {
	old := v.cur.Swap(&version{n: n, next: make(chan struct{})})
	close(old.next)
}

func (v *Val) Follow(ctx context.Context, f func(int) bool) {
	for {
		c := v.cur.Load()
		if !f(c.n) {
			return
		}
		select {
		case <-c.next:
		case <-ctx.Done():
			return
		}
	}
}

func Run(ctx context.Context, ns []int, f func(int)) {
	v := New()
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer close(done)
		v.Follow(ctx, func(n int) bool { f(n); return true })
	}()
	for _, n := range ns {
		v.Set(n)
	}
	cancel()
	<-done
}
