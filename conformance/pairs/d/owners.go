// Package d has programs about who owns an object that has to be stopped.
package d

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

type agent struct {
	stop chan struct{}
	n    atomic.Int64
}

func newAgent() *agent {
	a := &agent{stop: make(chan struct{})}
	go func() { <-a.stop }()
	return a
}

func (a *agent) ping() { a.n.Add(1) }
func (a *agent) halt() { close(a.stop) }

type pinger interface {
	ping()
	halt()
}

type suite struct{ cleanups []func() }

func (s *suite) cleanup(f func()) { s.cleanups = append(s.cleanups, f) }
func (s *suite) end() {
	for _, f := range s.cleanups {
		f()
	}
}

type poller struct{ stop chan struct{} }

func (p *poller) start() { go p.run() }
func (p *poller) run()   { <-p.stop }
func (p *poller) end()   { close(p.stop) }

type canceller struct {
	cancel context.CancelFunc
	n      atomic.Int64
}

func newCanceller() *canceller {
	ctx, cancel := context.WithCancel(context.Background())
	c := &canceller{cancel: cancel}
	go c.run(ctx)
	return c
}

func (c *canceller) run(ctx context.Context) { <-ctx.Done() }
func (c *canceller) touch()                  { c.n.Add(1) }
func (c *canceller) end()                    { c.cancel() }

//pair:d01 own-variable
func d01() {
	a := newAgent()
	a.ping()
}

//pair:d02 own-variable
func d02() {
	a := newAgent()
	defer a.halt()
	a.ping()
}

//pair:d03 own-error-path
func open03(err error) (*agent, error) {
	a := newAgent()
	if err != nil {
		return nil, err
	}
	return a, nil
}

func d03() {
	_, _ = open03(errors.New("no"))
}

//pair:d04 own-error-path
func open04(err error) (*agent, error) {
	a := newAgent()
	if err != nil {
		a.halt()
		return nil, err
	}
	return a, nil
}

func d04() {
	_, _ = open04(errors.New("no"))
}

//pair:d05 own-field
type holder05 struct{ a *agent }

func d05() {
	h := &holder05{a: newAgent()}
	h.a.ping()
}

//pair:d06 own-field
type holder06 struct{ a *agent }

func d06() {
	h := &holder06{a: newAgent()}
	defer h.a.halt()
	h.a.ping()
}

//pair:d07 own-owner
type owner07 struct {
	a    *agent
	name string
}

func newOwner07() *owner07 { return &owner07{a: newAgent(), name: "o"} }
func (o *owner07) work()   { o.a.ping() }
func (o *owner07) end()    { o.a.halt() }

func d07() {
	o := newOwner07()
	o.work()
}

//pair:d08 own-owner
type owner08 struct {
	a    *agent
	name string
}

func newOwner08() *owner08 { return &owner08{a: newAgent(), name: "o"} }
func (o *owner08) work()   { o.a.ping() }
func (o *owner08) end()    { o.a.halt() }

func d08() {
	o := newOwner08()
	defer o.end()
	o.work()
}

//pair:d09 own-embedded
type base09 struct{ *agent }

func newBase09() *base09 { return &base09{agent: newAgent()} }

func d09() {
	b := newBase09()
	b.ping()
}

//pair:d10 own-embedded
type base10 struct{ *agent }

func newBase10() *base10 { return &base10{agent: newAgent()} }

func d10() {
	b := newBase10()
	defer b.halt()
	b.ping()
}

//pair:d11 own-interface
func d11() {
	var p pinger = newAgent()
	p.ping()
}

//pair:d12 own-interface
func d12() {
	var p pinger = newAgent()
	p.ping()
	p.halt()
}

//pair:d13 own-return
func make13() *agent {
	a := newAgent()
	a.ping()
	return a
}

func d13() {
	a := make13()
	a.ping()
}

//pair:d14 own-return
func make14() *agent {
	a := newAgent()
	a.ping()
	return a
}

func d14() {
	a := make14()
	a.ping()
	a.halt()
}

//pair:d15 own-helper
func use15(a *agent) { a.ping() }

func d15() {
	use15(newAgent())
}

//pair:d16 own-helper
func use16(a *agent) {
	defer a.halt()
	a.ping()
}

func d16() {
	use16(newAgent())
}

//pair:d17 own-cleanups
func d17() {
	var cleanups []func()
	a := newAgent()
	a.ping()
	for _, f := range cleanups {
		f()
	}
}

//pair:d18 own-cleanups
func d18() {
	var cleanups []func()
	a := newAgent()
	cleanups = append(cleanups, a.halt)
	a.ping()
	for _, f := range cleanups {
		f()
	}
}

//pair:d19 own-closure
func start19() func() {
	a := newAgent()
	a.ping()
	return func() {}
}

func d19() {
	f := start19()
	f()
}

//pair:d20 own-closure
func start20() func() {
	a := newAgent()
	a.ping()
	return func() { a.halt() }
}

func d20() {
	f := start20()
	f()
}

//pair:d21 own-deferred
func run21(err error) error {
	a := newAgent()
	defer func() {
		if err != nil {
			a.halt()
		}
	}()
	a.ping()
	return err
}

func d21() {
	_ = run21(nil)
}

//pair:d22 own-deferred
func run22(err error) error {
	a := newAgent()
	defer func() {
		if a != nil {
			a.halt()
		}
	}()
	a.ping()
	return err
}

func d22() {
	_ = run22(nil)
}

//pair:d23 own-channel
func d23() {
	ch := make(chan *agent, 1)
	a := newAgent()
	a.ping()
	select {
	case b := <-ch:
		b.halt()
	default:
	}
}

//pair:d24 own-channel
func d24() {
	ch := make(chan *agent, 1)
	a := newAgent()
	ch <- a
	select {
	case b := <-ch:
		b.halt()
	default:
	}
}

//pair:d25 own-after-func
func d25() {
	ctx, cancel := context.WithCancel(context.Background())
	a := newAgent()
	context.AfterFunc(ctx, func() {})
	a.ping()
	cancel()
}

//pair:d26 own-after-func
func d26() {
	ctx, cancel := context.WithCancel(context.Background())
	a := newAgent()
	context.AfterFunc(ctx, func() { a.halt() })
	a.ping()
	cancel()
}

//pair:d27 own-goroutine
func d27() {
	var wg sync.WaitGroup
	a := newAgent()
	a.ping()
	wg.Go(func() {})
	wg.Wait()
}

//pair:d28 own-goroutine
func d28() {
	var wg sync.WaitGroup
	a := newAgent()
	a.ping()
	wg.Go(func() { a.halt() })
	wg.Wait()
}

//pair:d29 own-registry
type registry29 map[string]*agent

func (r registry29) close() {
	for _, a := range r {
		a.halt()
	}
}

func d29() {
	r := registry29{}
	a := newAgent()
	a.ping()
	r.close()
}

//pair:d30 own-registry
type registry30 map[string]*agent

func (r registry30) close() {
	for _, a := range r {
		a.halt()
	}
}

func d30() {
	r := registry30{}
	a := newAgent()
	r["a"] = a
	a.ping()
	r.close()
}

//pair:d31 own-option
type server31 struct {
	a       *agent
	name    string
	stopped bool
}

func newServer31(options ...func(*server31)) *server31 {
	s := &server31{a: newAgent()}
	for _, option := range options {
		option(s)
	}
	return s
}

func d31() {
	s := newServer31(func(s *server31) { s.name = "s" })
	s.a.ping()
}

//pair:d32 own-option
type server32 struct {
	a       *agent
	name    string
	stopped bool
}

func newServer32(options ...func(*server32)) *server32 {
	s := &server32{a: newAgent()}
	for _, option := range options {
		option(s)
	}
	return s
}

func d32() {
	s := newServer32(func(s *server32) { s.stopped = true })
	if s.stopped {
		s.a.halt()
	}
}

//pair:d33 own-generic
type box33[T any] struct{ all []T }

func (b *box33[T]) add(x T) { b.all = append(b.all, x) }
func (b *box33[T]) each(f func(T)) {
	for _, x := range b.all {
		f(x)
	}
}

func d33() {
	b := box33[*agent]{}
	a := newAgent()
	a.ping()
	b.each(func(a *agent) { a.halt() })
}

//pair:d34 own-generic
type box34[T any] struct{ all []T }

func (b *box34[T]) add(x T) { b.all = append(b.all, x) }
func (b *box34[T]) each(f func(T)) {
	for _, x := range b.all {
		f(x)
	}
}

func d34() {
	b := box34[*agent]{}
	a := newAgent()
	b.add(a)
	a.ping()
	b.each(func(a *agent) { a.halt() })
}

//pair:d35 own-test-cleanup
func must35(s *suite) *agent {
	a := newAgent()
	s.cleanup(func() { a.ping() })
	return a
}

func d35() {
	s := &suite{}
	a := must35(s)
	a.ping()
	s.end()
}

//pair:d36 own-test-cleanup
func must36(s *suite) *agent {
	a := newAgent()
	s.cleanup(a.halt)
	return a
}

func d36() {
	s := &suite{}
	a := must36(s)
	a.ping()
	s.end()
}

//pair:d37 own-later-start
func d37() {
	p := &poller{stop: make(chan struct{})}
	p.start()
}

//pair:d38 own-later-start
func d38() {
	p := &poller{stop: make(chan struct{})}
	p.start()
	p.end()
}

//pair:d39 own-loop
func d39() {
	for range 2 {
		a := newAgent()
		a.ping()
	}
}

//pair:d40 own-loop
func d40() {
	for range 2 {
		a := newAgent()
		a.ping()
		a.halt()
	}
}

//pair:d41 own-context-field
func d41() {
	c := newCanceller()
	c.touch()
}

//pair:d42 own-context-field
func d42() {
	c := newCanceller()
	c.touch()
	c.end()
}

//pair:d43 own-success-only
type wrapped43 struct{ a *agent }

func wrap43(a *agent, err error) (*wrapped43, error) {
	if err != nil {
		return nil, err
	}
	return &wrapped43{a: a}, nil
}

func d43() {
	a := newAgent()
	_, _ = wrap43(a, errors.New("no"))
}

//pair:d44 own-success-only
type wrapped44 struct{ a *agent }

func wrap44(a *agent, err error) (*wrapped44, error) {
	if err != nil {
		return nil, err
	}
	return &wrapped44{a: a}, nil
}

func d44() {
	a := newAgent()
	if _, err := wrap44(a, errors.New("no")); err != nil {
		a.halt()
	}
}
