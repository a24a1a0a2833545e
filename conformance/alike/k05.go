package k05

// f14 variants
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
	close(x.chg)
	x.chg = make(chan struct{})
}

func (x *Var) Await(ctx context.Context, n int) error {
	for {
		x.mu.Lock()
		v, chg := x.v, x.chg
		x.mu.Unlock()
		if v >= n {
			return nil
		}
		select {
		case <-chg:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func Count(ctx context.Context, n int) error {
	x := New()
	go func() {
		for i := range n {
			x.Set(i + 1)
		}
	}()
	return x.Await(ctx, n)
}

func CountBG(n int) error {
	x := New()
	go func() {
		for i := range n {
			x.Set(i + 1)
		}
	}()
	return x.Await(context.Background(), n)
}

func (x *Var) Until(ok func(int) bool) {
	for {
		x.mu.Lock()
		v, chg := x.v, x.chg
		x.mu.Unlock()
		if ok(v) {
			return
		}
		<-chg
	}
}

func CountFn(n int) {
	x := New()
	go func() {
		for i := range n {
			x.Set(i + 1)
		}
	}()
	x.Until(func(v int) bool { return v >= n })
}
