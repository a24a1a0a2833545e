// Package f has types that leak when others use them as they are meant to be used.
package f

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"pairs/client"
)

//pair:f01 stop-waits
type poller struct {
	quit chan struct{}
	done chan struct{}
	poll func() error
}

func newPoller(poll func() error) *poller {
	return &poller{quit: make(chan struct{}), done: make(chan struct{}), poll: poll}
}

func (p *poller) Start() { go p.loop() }

func (p *poller) loop() {
	t := time.NewTicker(time.Millisecond / 2)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			if err := p.poll(); err != nil {
				return
			}
		case <-p.quit:
			close(p.done)
			return
		}
	}
}

func (p *poller) Stop() {
	close(p.quit)
	<-p.done
}

func f01() { client.StartStop(newPoller(func() error { return errors.New("no") })) }

//pair:f02 stop-waits
type pollerB struct {
	quit chan struct{}
	done chan struct{}
	poll func() error
}

func newPollerB(poll func() error) *pollerB {
	return &pollerB{quit: make(chan struct{}), done: make(chan struct{}), poll: poll}
}

func (p *pollerB) Start() { go p.loop() }

func (p *pollerB) loop() {
	defer close(p.done)
	t := time.NewTicker(time.Millisecond / 2)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			if err := p.poll(); err != nil {
				return
			}
		case <-p.quit:
			return
		}
	}
}

func (p *pollerB) Stop() {
	close(p.quit)
	<-p.done
}

func f02() { client.StartStop(newPollerB(func() error { return errors.New("no") })) }

//pair:f03 stop-times-out
type service struct {
	quit chan struct{}
	done chan error
}

func newService() *service {
	s := &service{quit: make(chan struct{}), done: make(chan error)}
	go s.serve()
	return s
}

func (s *service) serve() {
	<-s.quit
	time.Sleep(time.Millisecond)
	s.done <- nil
}

func (s *service) Stop(ctx context.Context) error {
	close(s.quit)
	select {
	case err := <-s.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func f03() { client.StopNow(newService()) }

//pair:f04 stop-times-out
type serviceB struct {
	quit chan struct{}
	done chan error
}

func newServiceB() *serviceB {
	s := &serviceB{quit: make(chan struct{}), done: make(chan error, 1)}
	go s.serve()
	return s
}

func (s *serviceB) serve() {
	<-s.quit
	time.Sleep(time.Millisecond)
	s.done <- nil
}

func (s *serviceB) Stop(ctx context.Context) error {
	close(s.quit)
	select {
	case err := <-s.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func f04() { client.StopNow(newServiceB()) }

//pair:f05 caller-leaves
type order struct {
	run  func() error
	done chan error
}

type executor struct {
	orders chan *order
	quit   chan struct{}
	once   sync.Once
}

func newExecutor() *executor {
	e := &executor{orders: make(chan *order, 8), quit: make(chan struct{})}
	go e.loop()
	return e
}

func (e *executor) loop() {
	for {
		select {
		case o := <-e.orders:
			o.done <- o.run()
		case <-e.quit:
			return
		}
	}
}

func (e *executor) Do(ctx context.Context, run func() error) error {
	o := &order{run: run, done: make(chan error)}
	select {
	case e.orders <- o:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-o.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *executor) Close() { e.once.Do(func() { close(e.quit) }) }

func f05() { client.DoClose(newExecutor()) }

//pair:f06 caller-leaves
type executorB struct {
	orders chan *order
	quit   chan struct{}
	once   sync.Once
}

func newExecutorB() *executorB {
	e := &executorB{orders: make(chan *order, 8), quit: make(chan struct{})}
	go e.loop()
	return e
}

func (e *executorB) loop() {
	for {
		select {
		case o := <-e.orders:
			o.done <- o.run()
		case <-e.quit:
			return
		}
	}
}

func (e *executorB) Do(ctx context.Context, run func() error) error {
	o := &order{run: run, done: make(chan error, 1)}
	select {
	case e.orders <- o:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-o.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *executorB) Close() { e.once.Do(func() { close(e.quit) }) }

func f06() { client.DoClose(newExecutorB()) }

//pair:f07 accept-loop
type pipe struct{ ends chan net.Conn }

func (p *pipe) accept() (net.Conn, error) {
	c, ok := <-p.ends
	if !ok {
		return nil, io.EOF
	}
	return c, nil
}

func someEnds() *pipe {
	p := &pipe{ends: make(chan net.Conn, 1)}
	c, _ := net.Pipe()
	p.ends <- c
	return p
}

type acceptor struct {
	ends  *pipe
	conns chan net.Conn
	quit  chan struct{}
}

func newAcceptor(ends *pipe) *acceptor {
	a := &acceptor{ends: ends, conns: make(chan net.Conn), quit: make(chan struct{})}
	go a.loop()
	return a
}

func (a *acceptor) loop() {
	for {
		c, err := a.ends.accept()
		if err != nil {
			return
		}
		a.conns <- c
	}
}

func (a *acceptor) Accept() (net.Conn, error) {
	select {
	case c := <-a.conns:
		return c, nil
	case <-a.quit:
		return nil, io.EOF
	}
}

func (a *acceptor) Close() error {
	close(a.quit)
	close(a.ends.ends)
	return nil
}

func f07() { client.Close(newAcceptor(someEnds())) }

//pair:f08 accept-loop
type acceptorB struct {
	ends  *pipe
	conns chan net.Conn
	quit  chan struct{}
}

func newAcceptorB(ends *pipe) *acceptorB {
	a := &acceptorB{ends: ends, conns: make(chan net.Conn), quit: make(chan struct{})}
	go a.loop()
	return a
}

func (a *acceptorB) loop() {
	for {
		c, err := a.ends.accept()
		if err != nil {
			return
		}
		select {
		case a.conns <- c:
		case <-a.quit:
			return
		}
	}
}

func (a *acceptorB) Accept() (net.Conn, error) {
	select {
	case c := <-a.conns:
		return c, nil
	case <-a.quit:
		return nil, io.EOF
	}
}

func (a *acceptorB) Close() error {
	close(a.quit)
	close(a.ends.ends)
	return nil
}

func f08() { client.Close(newAcceptorB(someEnds())) }

//pair:f09 call-meets-stop
type notes struct {
	mu      sync.Mutex
	closed  bool
	changed chan string
	done    chan struct{}
}

func newNotes() *notes {
	n := &notes{changed: make(chan string), done: make(chan struct{})}
	go n.watch()
	return n
}

func (n *notes) watch() {
	for {
		select {
		case <-n.changed:
		case <-n.done:
			return
		}
	}
}

func (n *notes) isClosed() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.closed
}

func (n *notes) Put(s string) {
	if n.isClosed() {
		return
	}
	time.Sleep(60 * time.Millisecond)
	n.changed <- s
}

func (n *notes) Close() {
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	close(n.done)
}

func f09() { client.Meet(newNotes()) }

//pair:f10 call-meets-stop
type notesB struct {
	mu      sync.Mutex
	closed  bool
	changed chan string
	done    chan struct{}
}

func newNotesB() *notesB {
	n := &notesB{changed: make(chan string), done: make(chan struct{})}
	go n.watch()
	return n
}

func (n *notesB) watch() {
	for {
		select {
		case <-n.changed:
		case <-n.done:
			return
		}
	}
}

func (n *notesB) isClosed() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.closed
}

func (n *notesB) Put(s string) {
	if n.isClosed() {
		return
	}
	time.Sleep(60 * time.Millisecond)
	select {
	case n.changed <- s:
	case <-n.done:
	}
}

func (n *notesB) Close() {
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	close(n.done)
}

func f10() { client.Meet(newNotesB()) }

//pair:f11 sibling-has-way-out
type index struct {
	ops  chan string
	asks chan chan int
	ctx  context.Context
	stop context.CancelFunc
}

func newIndex() *index {
	ctx, stop := context.WithCancel(context.Background())
	x := &index{ops: make(chan string), asks: make(chan chan int), ctx: ctx, stop: stop}
	go x.run()
	return x
}

func (x *index) run() {
	n := 0
	for {
		select {
		case <-x.ops:
			n++
		case back := <-x.asks:
			back <- n
		case <-x.ctx.Done():
			return
		}
	}
}

func (x *index) Delete(s string) {
	select {
	case x.ops <- s:
	case <-x.ctx.Done():
	}
}

func (x *index) Put(s string) {
	time.Sleep(60 * time.Millisecond)
	x.ops <- s
}

func (x *index) Close() { x.stop() }

func f11() { client.Meet(newIndex()) }

//pair:f12 sibling-has-way-out
type indexB struct {
	ops    chan string
	ctx    context.Context
	stop   context.CancelFunc
	mu     sync.Mutex
	closed bool
	wg     sync.WaitGroup
}

func newIndexB() *indexB {
	ctx, stop := context.WithCancel(context.Background())
	x := &indexB{ops: make(chan string), ctx: ctx, stop: stop}
	go x.run()
	return x
}

func (x *indexB) run() {
	for {
		select {
		case <-x.ops:
		case <-x.ctx.Done():
			return
		}
	}
}

func (x *indexB) Delete(s string) {
	select {
	case x.ops <- s:
	case <-x.ctx.Done():
	}
}

// Put holds up Close until its value is taken.
func (x *indexB) Put(s string) {
	x.mu.Lock()
	if x.closed {
		x.mu.Unlock()
		return
	}
	x.wg.Add(1)
	x.mu.Unlock()
	defer x.wg.Done()
	time.Sleep(60 * time.Millisecond)
	x.ops <- s
}

func (x *indexB) Close() {
	x.mu.Lock()
	x.closed = true
	x.mu.Unlock()
	x.wg.Wait()
	x.stop()
}

func f12() { client.Meet(newIndexB()) }

//pair:f13 receiver-sends-to-itself
type spooler struct {
	events chan string
	done   chan struct{}
}

func newSpooler() *spooler {
	s := &spooler{events: make(chan string, 1), done: make(chan struct{})}
	go s.run()
	return s
}

func (s *spooler) run() {
	for {
		select {
		case e := <-s.events:
			s.work(e)
		case <-s.done:
			return
		}
	}
}

func (s *spooler) work(e string) {
	time.Sleep(30 * time.Millisecond)
	if len(e) < 2 {
		s.Put(e + e)
	}
}

func (s *spooler) Put(e string) { s.events <- e }

func (s *spooler) Close() { close(s.done) }

func f13() { client.Fill(newSpooler()) }

//pair:f14 receiver-sends-to-itself
type spoolerB struct {
	events chan string
	done   chan struct{}
}

func newSpoolerB() *spoolerB {
	s := &spoolerB{events: make(chan string, 1), done: make(chan struct{})}
	go s.run()
	return s
}

func (s *spoolerB) run() {
	for {
		select {
		case e := <-s.events:
			s.work(e)
		case <-s.done:
			return
		}
	}
}

func (s *spoolerB) work(e string) {
	time.Sleep(30 * time.Millisecond)
	if len(e) < 2 {
		select {
		case s.events <- e + e:
		default:
		}
	}
}

func (s *spoolerB) Put(e string) {
	select {
	case s.events <- e:
	case <-s.done:
	}
}

func (s *spoolerB) Close() { close(s.done) }

func f14() { client.Fill(newSpoolerB()) }
