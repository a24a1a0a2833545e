// Package a has programs about one goroutine that hands something to another.
package a

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

//pair:a01 early-return
type loader struct {
	prefix string
	limit  int
}

type chunk struct {
	body string
	err  error
}

func (l *loader) fetch(name string, out chan<- chunk) {
	time.Sleep(time.Millisecond)
	out <- chunk{body: l.prefix + name}
}

func (l *loader) get(name string, check func(string) error) (string, error) {
	out := make(chan chunk)
	go l.fetch(name, out)
	if err := check(name); err != nil {
		return "", err
	}
	c := <-out
	return c.body, c.err
}

func a01() {
	l := &loader{prefix: "x/", limit: 3}
	_, _ = l.get("long-name", func(s string) error {
		if len(s) > l.limit {
			return errors.New("too long")
		}
		return nil
	})
}

//pair:a02 early-return
type loaderB struct{ prefix string }

func (l *loaderB) fetch(name string, out chan<- string) {
	time.Sleep(time.Millisecond)
	out <- l.prefix + name
}

func (l *loaderB) get(name string, check func(string) error) (string, error) {
	out := make(chan string, 1)
	go l.fetch(name, out)
	if err := check(name); err != nil {
		return "", err
	}
	return <-out, nil
}

func a02() {
	l := &loaderB{prefix: "x/"}
	_, _ = l.get("long-name", func(string) error { return errors.New("no") })
}

//pair:a03 early-return
type outcome[T any] struct {
	value T
	err   error
}

func both[A, B any](left func() (A, error), right func() (B, error)) (a A, b B, err error) {
	ca := make(chan outcome[A])
	cb := make(chan outcome[B])
	go func() {
		v, err := left()
		ca <- outcome[A]{v, err}
	}()
	go func() {
		v, err := right()
		cb <- outcome[B]{v, err}
	}()
	ra := <-ca
	if ra.err != nil {
		return a, b, ra.err
	}
	rb := <-cb
	return ra.value, rb.value, rb.err
}

func a03() {
	_, _, _ = both(
		func() (int, error) { return strconv.Atoi("seven") },
		func() (string, error) { return strings.ToUpper("b"), nil },
	)
}

//pair:a04 early-return
func bothB[A, B any](left func() (A, error), right func() (B, error)) (a A, b B, err error) {
	ca := make(chan outcome[A])
	cb := make(chan outcome[B])
	go func() {
		v, err := left()
		ca <- outcome[A]{v, err}
	}()
	go func() {
		v, err := right()
		cb <- outcome[B]{v, err}
	}()
	ra, rb := <-ca, <-cb
	if ra.err != nil {
		return a, b, ra.err
	}
	return ra.value, rb.value, rb.err
}

func a04() {
	_, _, _ = bothB(
		func() (int, error) { return strconv.Atoi("seven") },
		func() (string, error) { return strings.ToUpper("b"), nil },
	)
}

//pair:a05 early-return
type stage interface {
	apply(string) (string, error)
}

type upper struct{}

func (upper) apply(s string) (string, error) { return strings.ToUpper(s), nil }

type reject struct{}

func (reject) apply(string) (string, error) { return "", errors.New("rejected") }

func drainAll(stages []stage, input string) error {
	errs := make(chan error)
	for _, s := range stages {
		go func() {
			_, err := s.apply(input)
			errs <- err
		}()
	}
	for range stages {
		if err := <-errs; err != nil {
			return err
		}
	}
	return nil
}

func a05() { _ = drainAll([]stage{reject{}, reject{}, upper{}}, "in") }

//pair:a06 early-return
func drainAllB(stages []stage, input string) (first error) {
	errs := make(chan error)
	for _, s := range stages {
		go func() {
			_, err := s.apply(input)
			errs <- err
		}()
	}
	for range stages {
		if err := <-errs; err != nil && first == nil {
			first = err
		}
	}
	return first
}

func a06() { _ = drainAllB([]stage{reject{}, reject{}, upper{}}, "in") }

//pair:a07 early-return
func drainAllC(stages []stage, input string) error {
	errs := make(chan error, len(stages))
	for _, s := range stages {
		go func() {
			_, err := s.apply(input)
			errs <- err
		}()
	}
	for range stages {
		if err := <-errs; err != nil {
			return err
		}
	}
	return nil
}

func a07() { _ = drainAllC([]stage{reject{}, reject{}, upper{}}, "in") }

//pair:a08 timeout
type client struct {
	timeout time.Duration
	delay   time.Duration
}

func (c *client) roundTrip(q string) string {
	time.Sleep(c.delay)
	return q + "!"
}

func (c *client) call(q string) (string, error) {
	done := make(chan string)
	go func() {
		done <- c.roundTrip(q)
	}()
	t := time.NewTimer(c.timeout)
	defer t.Stop()
	select {
	case r := <-done:
		return r, nil
	case <-t.C:
		return "", context.DeadlineExceeded
	}
}

func a08() { _, _ = (&client{timeout: time.Millisecond, delay: 10 * time.Millisecond}).call("q") }

//pair:a09 timeout
type clientB struct {
	timeout time.Duration
	delay   time.Duration
}

func (c *clientB) call(q string) (string, error) {
	done := make(chan string, 1)
	go func() {
		time.Sleep(c.delay)
		done <- q
	}()
	t := time.NewTimer(c.timeout)
	defer t.Stop()
	select {
	case r := <-done:
		return r, nil
	case <-t.C:
		return "", context.DeadlineExceeded
	}
}

func a09() { _, _ = (&clientB{timeout: time.Millisecond, delay: 10 * time.Millisecond}).call("q") }

//pair:a10 timeout
func withDeadline(ctx context.Context, work func(context.Context) (int, error)) (int, error) {
	type result struct {
		n   int
		err error
	}
	results := make(chan result)
	go func() {
		defer close(results)
		n, err := work(ctx)
		results <- result{n, err}
	}()
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case r := <-results:
		return r.n, r.err
	}
}

func a10() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	_, _ = withDeadline(ctx, func(context.Context) (int, error) {
		time.Sleep(8 * time.Millisecond)
		return 1, nil
	})
}

//pair:a11 timeout
func withDeadlineB(ctx context.Context, work func(context.Context) (int, error)) (n int, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		n, err = work(ctx)
	}()
	select {
	case <-ctx.Done():
		<-done
		return 0, ctx.Err()
	case <-done:
		return n, err
	}
}

func a11() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	_, _ = withDeadlineB(ctx, func(context.Context) (int, error) {
		time.Sleep(8 * time.Millisecond)
		return 1, nil
	})
}

//pair:a12 timeout
type probe struct {
	wait    time.Duration
	healthy atomic.Bool
}

func (p *probe) ping(results chan error) {
	time.Sleep(p.wait)
	results <- nil
}

func (p *probe) check() bool {
	results := make(chan error)
	go p.ping(results)
	select {
	case err := <-results:
		p.healthy.Store(err == nil)
	case <-time.After(time.Millisecond):
		p.healthy.Store(false)
	}
	return p.healthy.Load()
}

func a12() { (&probe{wait: 5 * time.Millisecond}).check() }

//pair:a13 timeout
type probeB struct {
	wait    time.Duration
	healthy atomic.Bool
}

func (p *probeB) ping(results chan error, quit <-chan struct{}) {
	time.Sleep(p.wait)
	select {
	case results <- nil:
	case <-quit:
	}
}

func (p *probeB) check() bool {
	results, quit := make(chan error), make(chan struct{})
	defer close(quit)
	go p.ping(results, quit)
	select {
	case err := <-results:
		p.healthy.Store(err == nil)
	case <-time.After(time.Millisecond):
		p.healthy.Store(false)
	}
	return p.healthy.Load()
}

func a13() { (&probeB{wait: 5 * time.Millisecond}).check() }

//pair:a14 first-wins
type mirror struct{ url string }

func (m mirror) head() string { return m.url }

type mirrors []mirror

func (ms mirrors) fastest() string {
	won := make(chan string)
	for _, m := range ms {
		go func() { won <- m.head() }()
	}
	return <-won
}

func a14() { mirrors{{"a"}, {"b"}, {"c"}}.fastest() }

//pair:a15 first-wins
func (ms mirrors) fastestB() string {
	won := make(chan string, len(ms))
	for _, m := range ms {
		go func() { won <- m.head() }()
	}
	return <-won
}

func a15() { mirrors{{"a"}, {"b"}, {"c"}}.fastestB() }

//pair:a16 first-wins
type dialer struct{ addrs []string }

func (d *dialer) dial(a string) (string, error) { return a, nil }

func (d *dialer) any() (string, error) {
	type attempt struct {
		conn string
		err  error
	}
	attempts := make(chan attempt)
	for _, a := range d.addrs {
		go func(addr string) {
			conn, err := d.dial(addr)
			attempts <- attempt{conn, err}
		}(a)
	}
	var last error
	for i := 0; i < len(d.addrs); i++ {
		at := <-attempts
		if at.err == nil {
			return at.conn, nil
		}
		last = at.err
	}
	return "", last
}

func a16() { _, _ = (&dialer{addrs: []string{"x", "y"}}).any() }

//pair:a17 first-wins
type dialerB struct{ addrs []string }

func (d *dialerB) any(ctx context.Context) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	attempts := make(chan string)
	for _, a := range d.addrs {
		go func() {
			select {
			case attempts <- a:
			case <-ctx.Done():
			}
		}()
	}
	select {
	case a := <-attempts:
		return a, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func a17() { _, _ = (&dialerB{addrs: []string{"x", "y"}}).any(context.Background()) }

//pair:a18 first-wins
func quorum(replicas []func() bool, need int) bool {
	votes := make(chan bool)
	for _, r := range replicas {
		go func() { votes <- r() }()
	}
	yes := 0
	for range replicas {
		if <-votes {
			yes++
		}
		if yes >= need {
			return true
		}
	}
	return false
}

func a18() {
	yes := func() bool { return true }
	quorum([]func() bool{yes, yes, yes}, 2)
}

//pair:a19 first-wins
func quorumB(replicas []func() bool, need int) bool {
	votes := make(chan bool)
	var pending sync.WaitGroup
	for _, r := range replicas {
		pending.Add(1)
		go func() {
			defer pending.Done()
			votes <- r()
		}()
	}
	go func() {
		pending.Wait()
		close(votes)
	}()
	yes := 0
	for v := range votes {
		if v {
			yes++
		}
	}
	return yes >= need
}

func a19() {
	yes := func() bool { return true }
	quorumB([]func() bool{yes, yes, yes}, 2)
}

//pair:a20 double-send
type task struct {
	name string
	done chan error
}

func (t *task) run(f func(string) error) {
	if err := f(t.name); err != nil {
		t.done <- err
	}
	t.done <- nil
}

func a20() {
	t := &task{name: "t", done: make(chan error)}
	go t.run(func(string) error { return errors.New("bad") })
	<-t.done
}

//pair:a21 double-send
func (t *task) runB(f func(string) error) {
	if err := f(t.name); err != nil {
		t.done <- err
		return
	}
	t.done <- nil
}

func a21() {
	t := &task{name: "t", done: make(chan error)}
	go t.runB(func(string) error { return errors.New("bad") })
	<-t.done
}

//pair:a22 double-send
func copyBoth(read, write func() error) error {
	errc := make(chan error, 1)
	go func() { errc <- read() }()
	go func() {
		if err := write(); err != nil {
			errc <- err
		}
		errc <- nil
	}()
	return <-errc
}

func a22() {
	ok := func() error { return nil }
	_ = copyBoth(ok, ok)
	_ = copyBoth(ok, func() error { return errors.New("pipe") })
}

//pair:a23 double-send
func copyBothB(read, write func() error) error {
	errc := make(chan error, 2)
	go func() { errc <- read() }()
	go func() { errc <- write() }()
	return <-errc
}

func a23() {
	ok := func() error { return nil }
	_ = copyBothB(ok, ok)
}

//pair:a24 double-send
type waiter struct{ ready chan struct{} }

func (w *waiter) notify(times int) {
	for i := 0; i < times; i++ {
		w.ready <- struct{}{}
	}
}

func a24() {
	w := &waiter{ready: make(chan struct{}, 1)}
	go w.notify(3)
	<-w.ready
}

//pair:a25 double-send
func (w *waiter) notifyB(times int) {
	for i := 0; i < times; i++ {
		select {
		case w.ready <- struct{}{}:
		default:
		}
	}
}

func a25() {
	w := &waiter{ready: make(chan struct{}, 1)}
	go w.notifyB(3)
	<-w.ready
}

//pair:a26 reply-channel
type request struct {
	key   string
	reply chan string
}

type registry struct {
	requests chan request
	quit     chan struct{}
}

func (r *registry) serve() {
	for {
		select {
		case q := <-r.requests:
			if q.key == "" {
				continue
			}
			q.reply <- "v:" + q.key
		case <-r.quit:
			return
		}
	}
}

func (r *registry) lookup(key string) string {
	q := request{key: key, reply: make(chan string)}
	r.requests <- q
	return <-q.reply
}

func a26() {
	r := &registry{requests: make(chan request), quit: make(chan struct{})}
	defer close(r.quit)
	go r.serve()
	go r.lookup("")
	time.Sleep(2 * time.Millisecond)
	r.lookup("k")
}

//pair:a27 reply-channel
type registryB struct {
	requests chan request
	quit     chan struct{}
}

func (r *registryB) serve() {
	for {
		select {
		case q := <-r.requests:
			if q.key == "" {
				close(q.reply)
				continue
			}
			q.reply <- "v:" + q.key
		case <-r.quit:
			return
		}
	}
}

func (r *registryB) lookup(key string) (string, bool) {
	q := request{key: key, reply: make(chan string)}
	r.requests <- q
	v, ok := <-q.reply
	return v, ok
}

func a27() {
	r := &registryB{requests: make(chan request), quit: make(chan struct{})}
	defer close(r.quit)
	go r.serve()
	r.lookup("")
	r.lookup("k")
}

//pair:a28 reply-channel
type status struct{ c chan chan int }

func (s *status) loop(stop <-chan struct{}) {
	n := 0
	for {
		select {
		case r := <-s.c:
			n++
			r <- n
		case <-stop:
			return
		}
	}
}

func (s *status) ask(ctx context.Context) (int, error) {
	r := make(chan int)
	select {
	case s.c <- r:
		return <-r, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func a28() {
	s, stop := &status{c: make(chan chan int)}, make(chan struct{})
	go s.loop(stop)
	_, _ = s.ask(context.Background())
	close(stop)
	_, _ = s.ask(context.Background())
}

//pair:a29 reply-channel
type statusB struct {
	c    chan chan int
	done chan struct{}
}

func (s *statusB) loop(stop <-chan struct{}) {
	defer close(s.done)
	for n := 1; ; n++ {
		select {
		case r := <-s.c:
			r <- n
		case <-stop:
			return
		}
	}
}

func (s *statusB) ask(ctx context.Context) (int, error) {
	r := make(chan int, 1)
	select {
	case s.c <- r:
	case <-s.done:
		return 0, errors.New("stopped")
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	return <-r, nil
}

func a29() {
	s, stop := &statusB{make(chan chan int), make(chan struct{})}, make(chan struct{})
	go s.loop(stop)
	_, _ = s.ask(context.Background())
	close(stop)
	_, _ = s.ask(context.Background())
}

//pair:a30 reply-channel
type sub struct{ events chan string }

type hub struct {
	mu   sync.Mutex
	subs map[string]*sub
}

func (h *hub) await(name string) string {
	s := &sub{events: make(chan string)}
	h.mu.Lock()
	h.subs[name] = s
	h.mu.Unlock()
	return <-s.events
}

func (h *hub) remove(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.subs, name)
}

func a30() {
	h := &hub{subs: map[string]*sub{}}
	go h.await("x")
	time.Sleep(10 * time.Millisecond)
	h.remove("x")
}

//pair:a31 reply-channel
func (h *hub) removeB(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s, ok := h.subs[name]; ok {
		close(s.events)
		delete(h.subs, name)
	}
}

func a31() {
	h := &hub{subs: map[string]*sub{}}
	go h.await("x")
	time.Sleep(10 * time.Millisecond)
	h.removeB("x")
}
