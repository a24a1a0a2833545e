// Package b has programs about goroutines that somebody has to stop.
package b

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

//pair:b01 range-without-close
func produce(items []string, out chan<- string, fail func(string) error) error {
	for _, it := range items {
		if err := fail(it); err != nil {
			return err
		}
		out <- it
	}
	close(out)
	return nil
}

func consume(in <-chan string, n *atomic.Int64) {
	for range in {
		n.Add(1)
	}
}

func b01() {
	var n atomic.Int64
	out := make(chan string)
	go consume(out, &n)
	_ = produce([]string{"a", "bad"}, out, func(s string) error {
		if s == "bad" {
			return errors.New(s)
		}
		return nil
	})
}

//pair:b02 range-without-close
func produceB(items []string, out chan<- string, fail func(string) error) error {
	defer close(out)
	for _, it := range items {
		if err := fail(it); err != nil {
			return err
		}
		out <- it
	}
	return nil
}

func b02() {
	var n atomic.Int64
	out := make(chan string)
	go consume(out, &n)
	_ = produceB([]string{"a", "bad"}, out, func(s string) error { return errors.New(s) })
}

//pair:b03 range-without-close
type pool struct {
	jobs chan int
	wg   sync.WaitGroup
}

func newPool(n int) *pool {
	p := &pool{jobs: make(chan int)}
	for i := 0; i < n; i++ {
		p.wg.Add(1)
		go p.worker()
	}
	return p
}

func (p *pool) worker() {
	defer p.wg.Done()
	for j := range p.jobs {
		_ = j * j
	}
}

func (p *pool) submit(j int) { p.jobs <- j }

func (p *pool) wait() { p.wg.Wait() }

func b03() {
	p := newPool(2)
	p.submit(1)
	p.submit(2)
	p.wait()
}

//pair:b04 range-without-close
func (p *pool) waitB() {
	close(p.jobs)
	p.wg.Wait()
}

func b04() {
	p := newPool(2)
	p.submit(1)
	p.submit(2)
	p.waitB()
}

//pair:b05 range-without-close
func gather(inputs [][]int) int {
	sums := make(chan int)
	for _, in := range inputs {
		go func() {
			t := 0
			for _, v := range in {
				t += v
			}
			sums <- t
		}()
	}
	total := 0
	for s := range sums {
		total += s
	}
	return total
}

func b05() { gather([][]int{{1}, {2, 3}}) }

//pair:b06 range-without-close
func gatherB(inputs [][]int) int {
	sums := make(chan int)
	var wg sync.WaitGroup
	for _, in := range inputs {
		wg.Go(func() {
			t := 0
			for _, v := range in {
				t += v
			}
			sums <- t
		})
	}
	go func() { wg.Wait(); close(sums) }()
	total := 0
	for s := range sums {
		total += s
	}
	return total
}

func b06() { gatherB([][]int{{1}, {2, 3}}) }

//pair:b07 worker-per-request
type server struct {
	events chan string
	seen   atomic.Int64
}

func (s *server) handle(name string) int {
	go func() {
		for e := range s.events {
			if e == name {
				s.seen.Add(1)
			}
		}
	}()
	return int(s.seen.Load())
}

func b07() {
	s := &server{events: make(chan string)}
	s.handle("a")
	s.handle("b")
}

//pair:b08 worker-per-request
func (s *server) handleB(ctx context.Context, name string) int {
	go func() {
		for {
			select {
			case e := <-s.events:
				if e == name {
					s.seen.Add(1)
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return int(s.seen.Load())
}

func b08() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s := &server{events: make(chan string)}
	s.handleB(ctx, "a")
}

//pair:b09 worker-per-request
type session struct {
	id   int
	ping *time.Ticker
}

func (s *session) keepalive() {
	for range s.ping.C {
		s.id++
	}
}

type gateway struct{ next int }

func (g *gateway) accept() *session {
	g.next++
	s := &session{id: g.next, ping: time.NewTicker(time.Hour)}
	go s.keepalive()
	return s
}

func (s *session) close() { s.ping.Stop() }

func b09() { (&gateway{}).accept().close() }

//pair:b10 worker-per-request
type sessionB struct {
	id   int
	ping *time.Ticker
	done chan struct{}
	once sync.Once
}

func (s *sessionB) keepalive() {
	defer s.ping.Stop()
	for {
		select {
		case <-s.ping.C:
		case <-s.done:
			return
		}
	}
}

func (s *sessionB) close() { s.once.Do(func() { close(s.done) }) }

func b10() {
	s := &sessionB{ping: time.NewTicker(time.Hour), done: make(chan struct{})}
	go s.keepalive()
	s.close()
	s.close()
}

//pair:b11 worker-per-request
var (
	metricsOnce sync.Once
	metrics     = make(chan int, 16)
)

func count(n int) {
	metricsOnce.Do(func() {
		go func() {
			total := 0
			for m := range metrics {
				total += m
			}
		}()
	})
	metrics <- n
}

func b11() { count(1); count(2) }

//pair:b12 start-without-stop
type flusher struct {
	mu     sync.Mutex
	buf    []byte
	quit   chan struct{}
	period time.Duration
}

func newFlusher(d time.Duration) *flusher {
	f := &flusher{quit: make(chan struct{}), period: d}
	go f.loop()
	return f
}

func (f *flusher) loop() {
	t := time.NewTicker(f.period)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			f.mu.Lock()
			f.buf = f.buf[:0]
			f.mu.Unlock()
		case <-f.quit:
			return
		}
	}
}

func (f *flusher) write(p []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.buf = append(f.buf, p...)
}

func (f *flusher) stop() { close(f.quit) }

func b12() {
	f := newFlusher(time.Second)
	f.write([]byte("x"))
}

//pair:b13 start-without-stop
func b13() {
	f := newFlusher(time.Second)
	defer f.stop()
	f.write([]byte("x"))
}

//pair:b14 start-without-stop
type app struct {
	flusher *flusher
	open    bool
}

func newApp(check func() error) (*app, error) {
	a := &app{flusher: newFlusher(time.Second)}
	if err := check(); err != nil {
		return nil, err
	}
	a.open = true
	return a, nil
}

func (a *app) close() {
	if a.open {
		a.flusher.stop()
		a.open = false
	}
}

func b14() {
	if a, err := newApp(func() error { return errors.New("config") }); err == nil {
		a.close()
	}
}

//pair:b15 start-without-stop
func newAppB(check func() error) (_ *app, err error) {
	a := &app{flusher: newFlusher(time.Second), open: true}
	defer func() {
		if err != nil {
			a.close()
		}
	}()
	if err = check(); err != nil {
		return nil, err
	}
	return a, nil
}

func b15() {
	if a, err := newAppB(func() error { return errors.New("config") }); err == nil {
		a.close()
	}
	if a, err := newAppB(func() error { return nil }); err == nil {
		a.close()
	}
}

//pair:b16 start-without-stop
type service interface {
	run()
	shutdown()
}

type poller struct {
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

func (p *poller) run() {
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.wg.Add(1)
	go func() {
		defer p.wg.Done()
		<-p.ctx.Done()
	}()
}

func (p *poller) shutdown() {
	p.cancel()
	p.wg.Wait()
}

type manager struct{ services []service }

func (m *manager) start() {
	for _, s := range m.services {
		s.run()
	}
}

func (m *manager) stop() {
	for _, s := range m.services[1:] {
		s.shutdown()
	}
}

func b16() {
	m := &manager{services: []service{&poller{}, &poller{}}}
	m.start()
	m.stop()
}

//pair:b17 start-without-stop
func (m *manager) stopB() {
	for i := len(m.services) - 1; i >= 0; i-- {
		m.services[i].shutdown()
	}
}

func b17() {
	m := &manager{services: []service{&poller{}, &poller{}}}
	m.start()
	m.stopB()
}

//pair:b18 select-without-done
type watcher struct {
	in   chan string
	out  chan string
	done chan struct{}
}

func (w *watcher) loop() {
	for {
		select {
		case s := <-w.in:
			w.out <- s
		case <-w.done:
			return
		}
	}
}

func b18() {
	w := &watcher{make(chan string), make(chan string), make(chan struct{})}
	go w.loop()
	w.in <- "a"
	close(w.done)
}

//pair:b19 select-without-done
func (w *watcher) loopB() {
	for {
		select {
		case s := <-w.in:
			select {
			case w.out <- s:
			case <-w.done:
				return
			}
		case <-w.done:
			return
		}
	}
}

func b19() {
	w := &watcher{make(chan string), make(chan string), make(chan struct{})}
	go w.loopB()
	w.in <- "a"
	close(w.done)
}

//pair:b20 select-without-done
type batcher struct {
	ctx    context.Context
	items  chan int
	flushC chan []int
}

func (b *batcher) run() {
	var batch []int
	for {
		select {
		case it := <-b.items:
			batch = append(batch, it)
		case b.flushC <- batch:
			batch = nil
		}
	}
}

func b20() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	b := &batcher{ctx: ctx, items: make(chan int), flushC: make(chan []int)}
	go b.run()
	b.items <- 1
	<-b.flushC
}

//pair:b21 select-without-done
func (b *batcher) runB() {
	var batch []int
	for b.ctx.Err() == nil {
		select {
		case it := <-b.items:
			batch = append(batch, it)
		case b.flushC <- batch:
			batch = nil
		case <-b.ctx.Done():
		}
	}
}

func b21() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	b := &batcher{ctx: ctx, items: make(chan int), flushC: make(chan []int)}
	go b.runB()
	b.items <- 1
	<-b.flushC
}

//pair:b22 dropped-context
func serve(ctx context.Context, in <-chan int) {
	inner, cancel := context.WithCancel(context.Background())
	go func() {
		defer cancel()
		select {
		case <-in:
		case <-inner.Done():
		}
	}()
	<-ctx.Done()
}

func b22() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	serve(ctx, make(chan int))
}

//pair:b23 dropped-context
func serveB(ctx context.Context, in <-chan int) {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-in:
		case <-inner.Done():
		}
	}()
	<-ctx.Done()
}

func b23() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	serveB(ctx, make(chan int))
}

//pair:b24 dropped-context
type job struct {
	ctx context.Context
	c   chan int
}

func (j *job) wait() {
	select {
	case <-j.c:
	case <-j.ctx.Done():
	}
}

func spawn(ctx context.Context, n int) {
	if n > 1 {
		ctx = context.WithoutCancel(ctx)
	}
	j := &job{ctx: ctx, c: make(chan int)}
	go j.wait()
}

func b24() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	spawn(ctx, 2)
}

//pair:b25 dropped-context
type keyB struct{}

func spawnB(ctx context.Context, n int) {
	ctx = context.WithValue(ctx, keyB{}, n)
	j := &job{ctx: ctx, c: make(chan int)}
	go j.wait()
}

func b25() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	spawnB(ctx, 2)
}

//pair:b26 stored-cancel
var process, _ = context.WithCancel(context.Background())

type conn struct {
	ctx    context.Context
	cancel context.CancelFunc
	closed bool
}

func open() *conn {
	c := &conn{}
	c.ctx, c.cancel = context.WithCancel(process)
	return c
}

func (c *conn) close() { c.closed = true }

func b26() { open().close() }

//pair:b27 stored-cancel
func (c *conn) closeB() {
	c.cancel()
	c.closed = true
}

func b27() { open().closeB() }

//pair:b28 stored-cancel
func retry(n int, f func(context.Context) error) error {
	var cancel context.CancelFunc
	var ctx context.Context
	for i := 0; i < n; i++ {
		ctx, cancel = context.WithCancel(process)
		if f(ctx) == nil {
			break
		}
	}
	cancel()
	return ctx.Err()
}

func b28() { _ = retry(3, func(context.Context) error { return errors.New("again") }) }

//pair:b29 stored-cancel
func attempt(f func(context.Context) error) error {
	ctx, cancel := context.WithCancel(process)
	defer cancel()
	return f(ctx)
}

func retryB(n int, f func(context.Context) error) (err error) {
	for i := 0; i < n; i++ {
		if err = attempt(f); err == nil {
			return nil
		}
	}
	return err
}

func b29() { _ = retryB(3, func(context.Context) error { return errors.New("again") }) }

//pair:b30 stored-cancel
type cleanups []func()

func (c *cleanups) add(f func()) { *c = append(*c, f) }

func (c cleanups) run() {
	for i := len(c) - 1; i >= 0; i-- {
		c[i]()
	}
}

func b30() {
	var c cleanups
	defer func() { c.run() }()
	ctx, cancel := context.WithCancel(process)
	c.add(cancel)
	go func() { <-ctx.Done() }()
}

//pair:b31 stored-cancel
func start(flag bool) (context.Context, func()) {
	ctx, cancel := context.WithCancel(process)
	if flag {
		return ctx, cancel
	}
	return ctx, func() {}
}

func b31() {
	ctx, stop := start(false)
	defer stop()
	go func() { <-ctx.Done() }()
}

//pair:b32 pipeline-stops
func numbers(n int) <-chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		for i := range n {
			out <- i
		}
	}()
	return out
}

func square(in <-chan int) <-chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		for v := range in {
			out <- v * v
		}
	}()
	return out
}

func b32() {
	for v := range square(numbers(10)) {
		if v > 3 {
			return
		}
	}
}

//pair:b33 pipeline-stops
func b33() {
	sum := 0
	for v := range square(numbers(10)) {
		sum += v
	}
}

//pair:b34 pipeline-stops
func numbersB(ctx context.Context, n int) <-chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		for i := range n {
			select {
			case out <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

func b34() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for v := range numbersB(ctx, 10) {
		if v > 3 {
			return
		}
	}
}

//pair:b35 pipeline-stops
func b35() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for v := range square(numbersB(ctx, 10)) {
		if v > 3 {
			return
		}
	}
}

//pair:b36 pipeline-stops
type scanner struct {
	tokens chan string
	src    []string
}

func scan(src ...string) *scanner {
	s := &scanner{tokens: make(chan string), src: src}
	go s.run()
	return s
}

func (s *scanner) run() {
	for _, t := range s.src {
		s.tokens <- t
	}
	close(s.tokens)
}

func parse(src ...string) error {
	s := scan(src...)
	for t := range s.tokens {
		if t == "}" {
			return errors.New("unexpected }")
		}
	}
	return nil
}

func b36() { _ = parse("{", "}", "}", "{") }

//pair:b37 pipeline-stops
func (s *scanner) drain() {
	for range s.tokens {
	}
}

func parseB(src ...string) error {
	s := scan(src...)
	defer s.drain()
	for t := range s.tokens {
		if t == "}" {
			return errors.New("unexpected }")
		}
	}
	return nil
}

func b37() { _ = parseB("{", "}", "}", "{") }
