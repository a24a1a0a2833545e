package x

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

//pair:x11 stopped-by-swap
type sweeper struct {
	wg     sync.WaitGroup
	closed atomic.Bool
	stop   chan struct{}
}

func newSweeper() *sweeper { return &sweeper{stop: make(chan struct{})} }

func (s *sweeper) Start() {
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		for {
			select {
			case <-s.stop:
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
}

func (s *sweeper) Close() {
	defer s.wg.Wait()
	if s.closed.CompareAndSwap(false, true) {
		close(s.stop)
	}
}

func x11() {
	s := newSweeper()
	s.Start()
	s.Close()
	s.Close()
}

//pair:x12 stopped-by-swap
type sweeperB struct {
	wg     sync.WaitGroup
	closed atomic.Bool
	stop   chan struct{}
}

func newSweeperB() *sweeperB { return &sweeperB{stop: make(chan struct{})} }

func (s *sweeperB) Start() {
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		for {
			select {
			case <-s.stop:
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
}

func (s *sweeperB) Close() {
	defer s.wg.Wait()
	if s.closed.CompareAndSwap(false, true) {
		return
	}
	close(s.stop)
}

func x12() {
	s := newSweeperB()
	s.Start()
	go s.Close()
}

//pair:x13 never-returns
type guard struct {
	done chan struct{}
	fail func(int)
}

func newGuard() *guard {
	fail := func(n int) { panic(n) }
	g := &guard{make(chan struct{}), fail}
	go g.watch()
	return g
}

func (g *guard) watch() {
	for n := 0; ; n++ {
		select {
		case <-g.done:
			return
		case <-time.After(time.Millisecond):
			if n > 100_000 {
				g.fail(n)
				return
			}
		}
	}
}

func (g *guard) Close() { g.done <- struct{}{} }

func x13() {
	g := newGuard()
	time.Sleep(10 * time.Millisecond)
	g.Close()
}

//pair:x14 never-returns
type guardB struct {
	done chan struct{}
	fail func(int)
	last atomic.Int64
}

func newGuardB() *guardB {
	g := &guardB{done: make(chan struct{})}
	g.fail = func(n int) { g.last.Store(int64(n)) }
	go g.watch()
	return g
}

func (g *guardB) watch() {
	for n := 0; ; n++ {
		select {
		case <-g.done:
			return
		case <-time.After(time.Millisecond):
			if n > 3 {
				g.fail(n)
				return
			}
		}
	}
}

func (g *guardB) Close() { g.done <- struct{}{} }

func x14() {
	g := newGuardB()
	time.Sleep(50 * time.Millisecond)
	go g.Close()
}

//pair:x15 taken-until-closed
type visitor struct{ name string }

type gate struct {
	mu     sync.Mutex
	known  map[string]*visitor
	come   chan string
	accept chan *visitor
	open   bool
}

var errGate = errors.New("gate is closed")

func newGate(come chan string) *gate {
	g := &gate{known: map[string]*visitor{}, come: come, accept: make(chan *visitor), open: true}
	go g.watch()
	return g
}

func (g *gate) Accept() (*visitor, error) {
	v := <-g.accept
	if v == nil {
		return nil, errGate
	}
	return v, nil
}

func (g *gate) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = false
	close(g.accept)
}

func (g *gate) watch() {
	for name := range g.come {
		g.enter(name)
	}
}

func (g *gate) enter(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, ok := g.known[name]; ok || !g.open {
		return
	}
	v := &visitor{name}
	g.known[name] = v
	g.accept <- v
}

func x15() {
	come := make(chan string)
	g := newGate(come)
	go func() {
		for {
			if _, err := g.Accept(); err != nil {
				return
			}
		}
	}()
	come <- "a"
	come <- "b"
	g.Close()
	close(come)
}

//pair:x16 work-shared-by-counter
func collect(first, last uint64, get func(uint64) int) []int {
	n := last + 1 - first
	if n == 0 {
		return nil
	}
	var next atomic.Uint64
	next.Store(first)
	results := make(chan int, n)
	for i := 0; i < 4 && i < int(n); i++ {
		go func() {
			for {
				at := next.Add(1) - 1
				if at > last {
					return
				}
				results <- get(at)
			}
		}()
	}
	var all []int
	for ; n > 0; n-- {
		all = append(all, <-results)
	}
	return all
}

func x16() { collect(1, 9, func(n uint64) int { return int(n) }) }
