package f14leak

// gate by closing & replacing a channel (broadcast) under the lock
import (
	"context"
	"sync"
)

type Var struct {
	mu  sync.Mutex
	v   int
	chg chan struct{}
}

func New() *Var { return &Var{chg: make(chan struct{})} }

func (x *Var) Set(v int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.v = v
	x.chg = make(chan struct{})
}

func (x *Var) Await(ctx context.Context, ok func(int) bool) (int, error) {
	for {
		x.mu.Lock()
		v, chg := x.v, x.chg
		x.mu.Unlock()
		if ok(v) {
			return v, nil
		}
		select {
		case <-chg:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

func Count(n int) int {
	x := New()
	go func() {
		for i := range n {
			x.Set(i + 1)
		}
	}()
	v, _ := x.Await(context.Background(), func(v int) bool { return v >= n })
	return v
}
