package m

import "errors"

// line is what a connection is read from and written to.
type line interface {
	read() error
	write() error
}

type broken struct{}

func (broken) read() error  { return errors.New("gone") }
func (broken) write() error { return errors.New("gone") }

//pair:m15 given-out
func m15() { NewDuo(broken{}) }

// Duo reads and writes until both have failed.
type Duo struct {
	l   line
	fin chan error
}

// NewDuo gives the object to whoever calls it, who cannot receive what its goroutines send.
func NewDuo(l line) *Duo {
	d := &Duo{l, make(chan error)}
	go d.in()
	go d.out()
	go d.watch()
	return d
}

func (d *Duo) in()    { d.fin <- d.l.read() }
func (d *Duo) out()   { d.fin <- d.l.write() }
func (d *Duo) watch() { <-d.fin }

//pair:m16 given-out
func m16() { NewTrio(broken{}) }

// Trio waits for both of its goroutines.
type Trio struct {
	l   line
	fin chan error
}

// NewTrio gives the object to whoever calls it.
func NewTrio(l line) *Trio {
	t := &Trio{l, make(chan error)}
	go t.in()
	go t.out()
	go t.watch()
	return t
}

func (t *Trio) in()    { t.fin <- t.l.read() }
func (t *Trio) out()   { t.fin <- t.l.write() }
func (t *Trio) watch() { <-t.fin; <-t.fin }

//pair:m17 started-by-user
func m17() { NewRunner(broken{}).Run() }

// Runner is started by its user, and is not waited for to the end.
type Runner struct {
	l   line
	fin chan error
}

// NewRunner gives an object that does nothing yet.
func NewRunner(l line) *Runner { return &Runner{l, make(chan error)} }

// Run ends with the first of two.
func (r *Runner) Run() error {
	go r.in()
	go r.out()
	return <-r.fin
}

func (r *Runner) in()  { r.fin <- r.l.read() }
func (r *Runner) out() { r.fin <- r.l.write() }

//pair:m18 started-by-user
func m18() {
	w := NewWalker(broken{})
	w.Next()
	w.Next()
}

// Walker gives one result a call, and begins with the first.
type Walker struct {
	l     line
	fin   chan error
	begun bool
}

// NewWalker gives an object that does nothing yet.
func NewWalker(l line) *Walker { return &Walker{l: l, fin: make(chan error)} }

// Next gives the next of two results.
func (w *Walker) Next() error {
	if !w.begun {
		w.begun = true
		go w.in()
		go w.out()
	}
	return <-w.fin
}

func (w *Walker) in()  { w.fin <- w.l.read() }
func (w *Walker) out() { w.fin <- w.l.write() }

//pair:m19 given-out-unread
func m19() { NewTeller(broken{}) }

// Teller tells what nobody asks for.
type Teller struct{ fin chan error }

// NewTeller gives an object without a way to what it tells.
func NewTeller(l line) *Teller {
	t := &Teller{make(chan error)}
	go func() { t.fin <- l.read() }()
	return t
}

//pair:m20 given-out-unread
func m20() { NewAsked(broken{}).Wait() }

// Asked tells whoever waits.
type Asked struct{ fin chan error }

// NewAsked gives an object that can be waited for.
func NewAsked(l line) *Asked {
	a := &Asked{make(chan error)}
	go func() { a.fin <- l.read() }()
	return a
}

// Wait gives what there is to tell.
func (a *Asked) Wait() error { return <-a.fin }

//pair:m21 closed-set
func m21() { answers([]order{&fetch{}, &store{}, &drop{}}) }

// order is a closed set: fetch, store and drop.
type order interface{ isOrder() }

type (
	fetch struct{}
	store struct{}
	drop  struct{}
)

func (*fetch) isOrder() {}
func (*store) isOrder() {}
func (*drop) isOrder()  {}

// answers forgets one of them.
func answers(orders []order) (n int) {
	c := make(chan int)
	for _, o := range orders {
		switch o.(type) {
		case *fetch:
			go func() { c <- 1 }()
		case *store:
			go func() { c <- 2 }()
		}
	}
	for range orders {
		n += <-c
	}
	return n
}

//pair:m22 closed-set
func m22() { answersAll([]order{&fetch{}, &store{}, &drop{}}) }

// answersAll has a case for each.
func answersAll(orders []order) (n int) {
	c := make(chan int)
	for _, o := range orders {
		switch o.(type) {
		case *fetch:
			go func() { c <- 1 }()
		case *store:
			go func() { c <- 2 }()
		case *drop:
			go func() { c <- 3 }()
		}
	}
	for range orders {
		n += <-c
	}
	return n
}
