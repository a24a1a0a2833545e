package c14

// event loop executes closures; done closed by the closure
import "errors"

type Loop struct {
	acts chan func()
	quit chan struct{}
	dead chan struct{}
	n    int
}

var ErrStopped = errors.New("stopped")

func New() *Loop {
	l := &Loop{acts: make(chan func()), quit: make(chan struct{}), dead: make(chan struct{})}
	go l.run()
	return l
}

func (l *Loop) run() {
	defer close(l.dead)
	for {
		select {
		case a := <-l.acts:
			a()
		case <-l.quit:
			return
		}
	}
}

func (l *Loop) sync(f func()) error {
	done := make(chan struct{})
	select {
	case l.acts <- func() { defer close(done); f() }:
		<-done
		return nil
	case <-l.dead:
		return ErrStopped
	}
}

func (l *Loop) Count() (n int, err error) {
	err = l.sync(func() { n = l.n })
	return
}

func (l *Loop) Incr() error { return l.sync(func() { l.n++ }) }

func (l *Loop) Close() {
	close(l.quit)
	<-l.dead
}
