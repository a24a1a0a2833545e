package m

import (
	"errors"
	"sync/atomic"
	"time"
)

var errBusy = errors.New("busy")

// relay hands on what comes, until it is not taken.
func relay(c chan int, take func(int) error) error {
	for v := range c {
		if err := take(v); err != nil {
			return err
		}
	}
	return nil
}

//pair:m01 constant-answer
func m01() {
	c := make(chan int)
	go count(c)
	relay(c, func(v int) error {
		if v == 1 {
			return errBusy
		}
		return nil
	})
}

func count(c chan int) {
	defer close(c)
	for i := range 3 {
		c <- i
	}
}

//pair:m02 constant-answer
func m02() {
	c := make(chan int)
	sum := 0
	go count(c)
	relay(c, func(v int) error {
		sum += v
		return nil
	})
}

//pair:m03 must-or-panic
type crew struct {
	tasks chan func()
	over  atomic.Bool
}

func newCrew() *crew {
	c := &crew{tasks: make(chan func())}
	go func() {
		for f := range c.tasks {
			f()
		}
	}()
	return c
}

func (c *crew) submit(f func(), must bool) bool {
	if c.over.Load() {
		if must {
			panic("over")
		}
		return false
	}
	c.tasks <- f
	return true
}

func (c *crew) Try(f func()) { c.submit(f, false) }

// Wait waits for a task that may not have been taken.
func (c *crew) Wait(f func()) {
	done := make(chan struct{})
	c.Try(func() {
		defer close(done)
		f()
	})
	<-done
}

func (c *crew) Stop() {
	c.over.Store(true)
	close(c.tasks)
}

func m03() {
	c := newCrew()
	c.Stop()
	c.Wait(func() {})
}

//pair:m04 must-or-panic
type gang struct {
	tasks chan func()
	over  atomic.Bool
}

func newGang() *gang {
	g := &gang{tasks: make(chan func())}
	go func() {
		for f := range g.tasks {
			f()
		}
	}()
	return g
}

func (g *gang) submit(f func(), must bool) bool {
	if g.over.Load() {
		if must {
			panic("over")
		}
		return false
	}
	g.tasks <- f
	return true
}

func (g *gang) Must(f func())     { g.submit(f, true) }
func (g *gang) Try(f func()) bool { return g.submit(f, false) }

// Wait waits for a task that was taken: else it has panicked.
func (g *gang) Wait(f func()) {
	done := make(chan struct{})
	g.Must(func() {
		defer close(done)
		f()
	})
	<-done
}

func (g *gang) Stop() {
	g.over.Store(true)
	close(g.tasks)
}

func m04() {
	g := newGang()
	g.Wait(func() {})
	g.Stop()
}

//pair:m05 nil-by-then
type wire struct{ quit, gone chan struct{} }

func (w *wire) running() bool { return w.quit != nil && w.gone != nil }

func (w *wire) start() {
	if w.running() {
		return
	}
	w.gone = make(chan struct{}, 1)
	w.quit = make(chan struct{}, 1)
	go w.work()
}

func (w *wire) work() {
	<-w.quit
	time.Sleep(2 * time.Millisecond)
	w.gone <- struct{}{}
}

// stop forgets the channel before the other side has told.
func (w *wire) stop() {
	if !w.running() {
		return
	}
	w.quit <- struct{}{}
	w.gone = nil
	w.quit = nil
}

type office struct{ w wire }

func (o *office) run() {
	o.w.start()
	time.Sleep(time.Millisecond)
	o.w.stop()
}

func m05() { new(office).run() }

//pair:m06 nil-by-then
type cable struct{ quit, gone chan struct{} }

func (c *cable) running() bool { return c.quit != nil && c.gone != nil }

func (c *cable) start() {
	if c.running() {
		return
	}
	c.gone = make(chan struct{}, 1)
	c.quit = make(chan struct{}, 1)
	go c.work()
}

func (c *cable) work() {
	<-c.quit
	c.gone <- struct{}{}
}

// stop waits for the other side to tell.
func (c *cable) stop() {
	if !c.running() {
		return
	}
	c.quit <- struct{}{}
	<-c.gone
	c.gone = nil
	c.quit = nil
}

type bureau struct{ c cable }

func (b *bureau) run() {
	b.c.start()
	b.c.stop()
}

func m06() { new(bureau).run() }
