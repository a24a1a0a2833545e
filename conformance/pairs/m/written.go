package m

import (
	"context"
	"errors"
	"sync"
	"time"

	"pairs/client"
)

//pair:m33 written-out-type
func m33() {
	var p Plumber
	client.StartStop(&p)
}

// Plumber is written out by whoever uses it.
type Plumber struct {
	Level  int
	drops  chan int
	closed chan struct{}
}

// Start lets it drip.
func (p *Plumber) Start() {
	p.drops, p.closed = make(chan int), make(chan struct{})
	go p.drain()
	go p.drip()
}

func (p *Plumber) drain() {
	for {
		select {
		case n := <-p.drops:
			_ = n
		case <-p.closed:
			return
		}
	}
}

func (p *Plumber) drip() {
	for n := 0; ; n++ {
		select {
		case <-p.closed:
			return
		default:
		}
		time.Sleep(3 * time.Millisecond)
		p.drops <- n
	}
}

// Stop frees who watches.
func (p *Plumber) Stop() { close(p.closed) }

//pair:m34 written-out-type
func m34() {
	var p Plumber2
	client.StartStop(&p)
}

// Plumber2 watches wherever it drips.
type Plumber2 struct {
	Level  int
	drops  chan int
	closed chan struct{}
}

// Start lets it drip.
func (p *Plumber2) Start() {
	p.drops, p.closed = make(chan int), make(chan struct{})
	go p.drain()
	go p.drip()
}

func (p *Plumber2) drain() {
	for {
		select {
		case n := <-p.drops:
			_ = n
		case <-p.closed:
			return
		}
	}
}

func (p *Plumber2) drip() {
	for n := 0; ; n++ {
		time.Sleep(3 * time.Millisecond)
		select {
		case <-p.closed:
			return
		case p.drops <- n:
		}
	}
}

// Stop frees all.
func (p *Plumber2) Stop() { close(p.closed) }

// promise is what a question leaves behind.
type promise struct {
	err  error
	done chan error
}

func (p *promise) answer(err error) {
	p.done <- err
	close(p.done)
}

type errand struct {
	promise
	what string
}

//pair:m35 queue-of-promises
func m35() {
	d := NewDesk()
	for range 8 {
		go d.Ask("tea")
	}
	time.Sleep(time.Millisecond)
	d.Quit()
}

// Desk takes orders until it is told to quit; what lies in the queue then is left there.
type Desk struct {
	orders chan *errand
	quit   chan struct{}
}

// NewDesk opens one.
func NewDesk() *Desk {
	d := &Desk{make(chan *errand, 8), make(chan struct{})}
	go d.work()
	return d
}

func (d *Desk) work() {
	for {
		select {
		case <-d.quit:
			return
		case o := <-d.orders:
			slow()
			o.answer(nil)
		}
	}
}

// Ask waits for the answer.
func (d *Desk) Ask(what string) error {
	o := &errand{promise{done: make(chan error, 1)}, what}
	select {
	case d.orders <- o:
	case <-d.quit:
		return errors.New("closed")
	}
	return <-o.done
}

// Quit ends the work.
func (d *Desk) Quit() { close(d.quit) }

type promise2 struct {
	err  error
	done chan error
}

func (p *promise2) answer(err error) {
	p.done <- err
	close(p.done)
}

type errand2 struct {
	promise2
	what string
}

//pair:m36 queue-of-promises
func m36() {
	d := NewDesk2()
	for range 8 {
		go d.Ask("tea")
	}
	time.Sleep(time.Millisecond)
	d.Quit()
}

// Desk2 answers what lies in the queue when it is told to quit.
type Desk2 struct {
	mu     sync.Mutex
	closed bool
	orders chan *errand2
	quit   chan struct{}
}

// NewDesk2 opens one.
func NewDesk2() *Desk2 {
	d := &Desk2{orders: make(chan *errand2, 8), quit: make(chan struct{})}
	go d.work()
	return d
}

func (d *Desk2) work() {
	for {
		select {
		case <-d.quit:
			for {
				select {
				case o := <-d.orders:
					o.answer(errors.New("closed"))
				default:
					return
				}
			}
		case o := <-d.orders:
			slow()
			o.answer(nil)
		}
	}
}

// Ask waits for the answer.
func (d *Desk2) Ask(what string) error {
	o := &errand2{promise2{done: make(chan error, 1)}, what}
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return errors.New("closed")
	}
	d.orders <- o
	d.mu.Unlock()
	return <-o.done
}

// Quit ends the work.
func (d *Desk2) Quit() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	close(d.quit)
}

// emitter gives what it finds to whoever listens.
type emitter struct {
	to  chan<- string
	ctx context.Context
}

func (e *emitter) emit(s string) error {
	select {
	case e.to <- s:
		return nil
	case <-e.ctx.Done():
		return e.ctx.Err()
	}
}

//pair:m37 sends-by-helper
func m37() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	<-Lines(ctx, []string{"a", ""})
}

// Lines gives lines until one is empty.
func Lines(ctx context.Context, lines []string) <-chan string {
	out := make(chan string)
	go func() {
		defer close(out)
		e := emitter{out, ctx}
		for _, line := range lines {
			if line == "" {
				out <- "an empty line"
				return
			}
			if e.emit(line) != nil {
				return
			}
		}
	}()
	return out
}

//pair:m38 sends-by-helper
func m38() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	<-Lines2(ctx, []string{"a", ""})
}

// Lines2 watches its context at each send.
func Lines2(ctx context.Context, lines []string) <-chan string {
	out := make(chan string)
	go func() {
		defer close(out)
		e := emitter{out, ctx}
		for _, line := range lines {
			if line == "" {
				_ = e.emit("an empty line")
				return
			}
			if e.emit(line) != nil {
				return
			}
		}
	}()
	return out
}

//pair:m39 lock-handed-through
func m39() {
	s := NewShelf()
	s.RLock()
	_ = s.At("a")
	s.RUnlock()
	s.Close()
}

// Shelf lets its users take its lock around several reads.
type Shelf struct {
	mu   sync.RWMutex
	m    map[string]int
	stop chan struct{}
}

// NewShelf makes one.
func NewShelf() *Shelf {
	s := &Shelf{m: map[string]int{}, stop: make(chan struct{})}
	go s.run()
	return s
}

// RLock is for users who read.
func (s *Shelf) RLock() { s.mu.RLock() }

// RUnlock gives the lock back.
func (s *Shelf) RUnlock() { s.mu.RUnlock() }

// At reads.
func (s *Shelf) At(k string) int { return s.m[k] }

func (s *Shelf) run() {
	<-s.stop
	s.mu.Lock()
	s.m = nil
	s.mu.Unlock()
}

// Close ends it.
func (s *Shelf) Close() { close(s.stop) }

type inquiry struct {
	done chan bool
	ctx  context.Context
	res  string
}

func (c *inquiry) wait() (string, error) {
	select {
	case <-c.done:
		return c.res, nil
	case <-c.ctx.Done():
		return "", c.ctx.Err()
	}
}

//pair:m40 answer-by-table
func m40() {
	t := &Table{send: func(int) error { return nil }}
	ctx, cancel := context.WithCancel(context.Background())
	c := &inquiry{done: make(chan bool), ctx: ctx}
	t.calls.Store(1, c)
	t.take(1, "x")
	cancel()
}

// Table keeps who waits for an answer.
type Table struct {
	calls sync.Map
	send  func(int) error
}

// Ask waits for its answer as long as the context goes on.
func (t *Table) Ask(ctx context.Context, id int) (string, error) {
	c := &inquiry{done: make(chan bool), ctx: ctx}
	t.calls.Store(id, c)
	defer t.calls.Delete(id)
	if err := t.send(id); err != nil {
		return "", err
	}
	return c.wait()
}

func (t *Table) take(id int, res string) {
	v, ok := t.calls.Load(id)
	if !ok {
		return
	}
	t.calls.Delete(id)
	c := v.(*inquiry)
	go func() {
		c.res = res
		c.done <- true
	}()
}

type inquiry2 struct {
	done chan bool
	ctx  context.Context
	res  string
}

func (c *inquiry2) wait() (string, error) {
	select {
	case <-c.done:
		return c.res, nil
	case <-c.ctx.Done():
		return "", c.ctx.Err()
	}
}

//pair:m41 answer-by-table
func m41() {
	t := &Table2{send: func(int) error { return nil }}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	go t.take(1, "x")
	_, _ = t.Ask(ctx, 1)
	t.take(1, "x")
}

// Table2 keeps who waits for an answer, each with room for it.
type Table2 struct {
	calls sync.Map
	send  func(int) error
}

// Ask waits for its answer as long as the context goes on.
func (t *Table2) Ask(ctx context.Context, id int) (string, error) {
	c := &inquiry2{done: make(chan bool, 1), ctx: ctx}
	t.calls.Store(id, c)
	defer t.calls.Delete(id)
	if err := t.send(id); err != nil {
		return "", err
	}
	return c.wait()
}

func (t *Table2) take(id int, res string) {
	v, ok := t.calls.Load(id)
	if !ok {
		return
	}
	t.calls.Delete(id)
	c := v.(*inquiry2)
	go func() {
		c.res = res
		c.done <- true
	}()
}

//pair:m42 last-words
func m42() { client.Close(NewBoiler(slow)) }

func slow() { time.Sleep(3 * time.Millisecond) }

// Boiler says when it has cooled down.
type Boiler struct {
	cool context.CancelFunc
	done chan error
}

// NewBoiler heats one.
func NewBoiler(wait func()) *Boiler {
	ctx, cancel := context.WithCancel(context.Background())
	b := &Boiler{cancel, make(chan error)}
	go b.run(ctx, wait)
	return b
}

func (b *Boiler) run(ctx context.Context, wait func()) {
	<-ctx.Done()
	b.end(wait)
}

func (b *Boiler) end(wait func()) {
	wait()
	b.done <- nil
}

// Close does not wait for long.
func (b *Boiler) Close() error {
	b.cool()
	select {
	case <-b.done:
	case <-time.After(time.Millisecond):
	}
	return nil
}

//pair:m43 last-words
func m43() { client.Close(NewBoiler2(slow)) }

// Boiler2 has room for what it says last.
type Boiler2 struct {
	cool context.CancelFunc
	done chan error
}

// NewBoiler2 heats one.
func NewBoiler2(wait func()) *Boiler2 {
	ctx, cancel := context.WithCancel(context.Background())
	b := &Boiler2{cancel, make(chan error, 1)}
	go b.run(ctx, wait)
	return b
}

func (b *Boiler2) run(ctx context.Context, wait func()) {
	<-ctx.Done()
	b.end(wait)
}

func (b *Boiler2) end(wait func()) {
	wait()
	b.done <- nil
}

// Close does not wait for long.
func (b *Boiler2) Close() error {
	b.cool()
	select {
	case <-b.done:
	case <-time.After(time.Millisecond):
	}
	return nil
}

//pair:m44 flag-ends-loop
func m44() { client.Close(NewOven(func(int) {})) }

// Oven bakes what it is given until somebody switches it off.
type Oven struct {
	mu  sync.Mutex
	off bool
	in  chan int
}

// NewOven starts one.
func NewOven(bake func(int)) *Oven {
	o := &Oven{in: make(chan int)}
	go o.run(bake)
	return o
}

func (o *Oven) run(bake func(int)) {
	for {
		o.mu.Lock()
		if o.off {
			o.mu.Unlock()
			return
		}
		o.mu.Unlock()
		bake(<-o.in)
	}
}

// Put gives it something.
func (o *Oven) Put(n int) { o.in <- n }

// Close frees nobody who waits for something to bake.
func (o *Oven) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.off = true
	return nil
}

//pair:m45 flag-ends-loop
func m45() { client.Close(NewOven2(func(int) {})) }

// Oven2 looks at its flag again and again.
type Oven2 struct {
	mu  sync.Mutex
	off bool
	in  chan int
}

// NewOven2 starts one.
func NewOven2(bake func(int)) *Oven2 {
	o := &Oven2{in: make(chan int)}
	go o.run(bake)
	return o
}

func (o *Oven2) run(bake func(int)) {
	t := time.NewTicker(time.Millisecond)
	defer t.Stop()
	for {
		o.mu.Lock()
		if o.off {
			o.mu.Unlock()
			return
		}
		o.mu.Unlock()
		select {
		case n := <-o.in:
			bake(n)
		case <-t.C:
		}
	}
}

// Put gives it something.
func (o *Oven2) Put(n int) { o.in <- n }

// Close ends it with the next tick.
func (o *Oven2) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.off = true
	return nil
}
