package i01

// f14 reduced: loop of Sets, waiter without ctx
import "sync"

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

func (x *Var) Await(n int) {
	for {
		x.mu.Lock()
		v, chg := x.v, x.chg
		x.mu.Unlock()
		if v >= n {
			return
		}
		<-chg
	}
}

func Count(n int) {
	x := New()
	go func() {
		for i := range n {
			x.Set(i + 1)
		}
	}()
	x.Await(n)
}
