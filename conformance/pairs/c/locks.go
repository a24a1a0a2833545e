// Package c has programs about locks, groups and slots that goroutines share.
package c

import (
	"errors"
	"slices"
	"sync"
	"time"
)

var errFull = errors.New("full")

//pair:c01 done-missed
type crawler struct{ visit func(string) error }

func (c *crawler) page(wg *sync.WaitGroup, url string) {
	if err := c.visit(url); err != nil {
		return
	}
	wg.Done()
}

func (c *crawler) all(urls []string) {
	var wg sync.WaitGroup
	for _, u := range urls {
		wg.Add(1)
		go c.page(&wg, u)
	}
	wg.Wait()
}

func c01() {
	(&crawler{func(u string) error {
		if u == "b" {
			return errFull
		}
		return nil
	}}).all([]string{"a", "b"})
}

//pair:c02 done-missed
func (c *crawler) pageB(wg *sync.WaitGroup, url string) {
	defer wg.Done()
	if err := c.visit(url); err != nil {
		return
	}
}

func (c *crawler) allB(urls []string) {
	var wg sync.WaitGroup
	wg.Add(len(urls))
	for _, u := range urls {
		go c.pageB(&wg, u)
	}
	wg.Wait()
}

func c02() { (&crawler{func(string) error { return errFull }}).allB([]string{"a", "b"}) }

//pair:c03 done-missed
type runner struct {
	wg   sync.WaitGroup
	fail func()
}

func (r *runner) guard(f func()) {
	defer func() { _ = recover() }()
	f()
	r.wg.Done()
}

func (r *runner) run(fs ...func()) {
	for _, f := range fs {
		r.wg.Add(1)
		go r.guard(f)
	}
	r.wg.Wait()
}

func c03() { new(runner).run(func() {}, func() { panic("x") }) }

//pair:c04 done-missed
func (r *runner) guardB(f func()) {
	defer r.wg.Done()
	defer func() { _ = recover() }()
	f()
}

func (r *runner) runB(fs ...func()) {
	for _, f := range fs {
		r.wg.Add(1)
		go r.guardB(f)
	}
	r.wg.Wait()
}

func c04() { new(runner).runB(func() {}, func() { panic("x") }) }

//pair:c05 done-missed
func broadcast(peers []string, self string) {
	var wg sync.WaitGroup
	wg.Add(len(peers))
	for _, p := range peers {
		if p == self {
			continue
		}
		go func() {
			defer wg.Done()
			time.Sleep(time.Microsecond)
		}()
	}
	wg.Wait()
}

func c05() { broadcast([]string{"a", "b"}, "b") }

//pair:c06 done-missed
func broadcastB(peers []string, self string) {
	var wg sync.WaitGroup
	for _, p := range peers {
		if p == self {
			continue
		}
		wg.Add(1)
		go func() {
			defer wg.Done()
			time.Sleep(time.Microsecond)
		}()
	}
	wg.Wait()
}

func c06() { broadcastB([]string{"a", "b"}, "b") }

//pair:c07 unlock-missed
type cache struct {
	mu    sync.Mutex
	items map[string]int
	limit int
}

func (c *cache) put(k string, v int) error {
	c.mu.Lock()
	if len(c.items) >= c.limit {
		return errFull
	}
	c.items[k] = v
	c.mu.Unlock()
	return nil
}

func c07() {
	c := &cache{items: map[string]int{}, limit: 1}
	_ = c.put("a", 1)
	_ = c.put("b", 2)
	_ = c.put("c", 3)
}

//pair:c08 unlock-missed
func (c *cache) putB(k string, v int) (err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.items) >= c.limit {
		return errFull
	}
	c.items[k] = v
	return nil
}

func c08() {
	c := &cache{items: map[string]int{}, limit: 1}
	_ = c.putB("a", 1)
	_ = c.putB("b", 2)
}

//pair:c09 unlock-missed
type table struct {
	mu   sync.RWMutex
	rows []int
}

func (t *table) find(f func(int) bool) (int, bool) {
	t.mu.RLock()
	for _, r := range t.rows {
		if f(r) {
			return r, true
		}
	}
	t.mu.RUnlock()
	return 0, false
}

func (t *table) add(r int) {
	t.mu.Lock()
	t.rows = append(t.rows, r)
	t.mu.Unlock()
}

func c09() {
	t := &table{}
	t.add(1)
	t.find(func(r int) bool { return r == 1 })
	t.add(2)
}

//pair:c10 unlock-missed
func (t *table) lockFor(write bool) (unlock func()) {
	if write {
		t.mu.Lock()
		return t.mu.Unlock
	}
	t.mu.RLock()
	return t.mu.RUnlock
}

func c10() {
	t := &table{}
	func() { defer t.lockFor(true)(); t.rows = append(t.rows, 1) }()
	func() { defer t.lockFor(false)(); _ = len(t.rows) }()
	func() { defer t.lockFor(true)() }()
}

//pair:c11 unlock-missed
type ledger struct {
	mu  sync.Mutex
	sum int
}

func (l *ledger) update(f func(int) (int, error)) error {
	l.mu.Lock()
	for try := 0; try < 3; try++ {
		n, err := f(l.sum)
		if err == nil {
			l.sum = n
			break
		}
		if try == 2 {
			return err
		}
	}
	l.mu.Unlock()
	return nil
}

func c11() {
	l := &ledger{}
	_ = l.update(func(int) (int, error) { return 0, errFull })
	_ = l.update(func(n int) (int, error) { return n + 1, nil })
}

//pair:c12 unlock-missed
func (l *ledger) updateB(locked bool, d int) {
	if !locked {
		l.mu.Lock()
	}
	l.sum += d
	if !locked {
		l.mu.Unlock()
	}
}

func c12() {
	l := &ledger{}
	l.updateB(false, 1)
	l.mu.Lock()
	l.updateB(true, 1)
	l.mu.Unlock()
}

//pair:c13 lock-across-channel
type store struct {
	mu      sync.Mutex
	changes chan int
	version int
}

func (s *store) set(v int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version = v
	s.changes <- v
}

func (s *store) follow(n int) {
	for range n {
		s.mu.Lock()
		v := s.version
		s.mu.Unlock()
		_ = v
		<-s.changes
	}
}

func c13() {
	s := &store{changes: make(chan int)}
	go s.set(1)
	time.Sleep(time.Millisecond)
	s.follow(1)
}

//pair:c14 lock-across-channel
func (s *store) setB(v int) {
	s.mu.Lock()
	s.version = v
	s.mu.Unlock()
	s.changes <- v
}

func c14() {
	s := &store{changes: make(chan int)}
	go s.setB(1)
	s.follow(1)
}

//pair:c15 lock-across-channel
type stopper struct {
	mu   sync.Mutex
	quit chan struct{}
	done chan struct{}
	n    int
}

func (s *stopper) loop() {
	defer close(s.done)
	for {
		select {
		case <-s.quit:
			s.mu.Lock()
			s.n = 0
			s.mu.Unlock()
			return
		case <-time.After(time.Second):
		}
	}
}

func (s *stopper) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.quit)
	<-s.done
}

func c15() {
	s := &stopper{quit: make(chan struct{}), done: make(chan struct{})}
	go s.loop()
	s.stop()
}

//pair:c16 lock-across-channel
func (s *stopper) stopB() {
	s.mu.Lock()
	close(s.quit)
	s.mu.Unlock()
	<-s.done
}

func c16() {
	s := &stopper{quit: make(chan struct{}), done: make(chan struct{})}
	go s.loop()
	s.stopB()
}

//pair:c17 lock-across-channel
type bus struct {
	mu   sync.RWMutex
	subs []chan string
}

func (b *bus) publish(m string) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, s := range b.subs {
		s <- m
	}
}

func (b *bus) subscribe() chan string {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := make(chan string)
	b.subs = append(b.subs, c)
	return c
}

func (b *bus) leave(c chan string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subs = slices.DeleteFunc(b.subs, func(s chan string) bool { return s == c })
}

func c17() {
	b := &bus{}
	c := b.subscribe()
	go b.publish("m")
	time.Sleep(time.Millisecond)
	b.leave(c)
}

//pair:c18 lock-across-channel
func (b *bus) publishB(m string) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, s := range b.subs {
		select {
		case s <- m:
		default:
		}
	}
}

func c18() {
	b := &bus{}
	c := b.subscribe()
	go b.publishB("m")
	time.Sleep(time.Millisecond)
	b.leave(c)
}

//pair:c19 lock-order
type account struct {
	mu      sync.Mutex
	balance int
}

func move(from, to *account, n int) {
	from.mu.Lock()
	defer from.mu.Unlock()
	time.Sleep(time.Millisecond)
	to.mu.Lock()
	defer to.mu.Unlock()
	from.balance -= n
	to.balance += n
}

func c19() {
	x, y := &account{}, &account{}
	go move(x, y, 1)
	move(y, x, 1)
}

//pair:c20 lock-order
type parent struct {
	mu   sync.Mutex
	kids []*kid
}

type kid struct {
	mu sync.Mutex
	up *parent
}

func (p *parent) refresh() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, k := range p.kids {
		time.Sleep(time.Millisecond)
		k.touch()
	}
}

func (k *kid) touch() {
	k.mu.Lock()
	defer k.mu.Unlock()
}

func (k *kid) leave() {
	k.mu.Lock()
	defer k.mu.Unlock()
	time.Sleep(time.Millisecond)
	k.up.drop()
}

func (p *parent) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kids = nil
}

func c20() {
	p := &parent{}
	k := &kid{up: p}
	p.kids = append(p.kids, k)
	go p.refresh()
	k.leave()
}

//pair:c21 lock-order
func (k *kid) leaveB() {
	k.mu.Lock()
	up := k.up
	k.mu.Unlock()
	up.drop()
}

func c21() {
	p := &parent{}
	k := &kid{up: p}
	p.kids = append(p.kids, k)
	go p.refresh()
	k.leaveB()
}

//pair:c22 lock-order
type nested struct{ outer, inner sync.Mutex }

func (n *nested) one() {
	n.outer.Lock()
	defer n.outer.Unlock()
	n.inner.Lock()
	defer n.inner.Unlock()
}

func (n *nested) two() {
	n.outer.Lock()
	n.inner.Lock()
	n.inner.Unlock()
	n.outer.Unlock()
}

func c22() {
	n := &nested{}
	go n.one()
	n.two()
}

//pair:c23 double-lock
type config struct {
	mu   sync.Mutex
	vals map[string]string
}

func (c *config) get(k string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.vals[k]
}

func (c *config) merge(other map[string]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, v := range other {
		if c.get(k) == "" {
			c.vals[k] = v
		}
	}
}

func c23() {
	c := &config{vals: map[string]string{}}
	c.merge(map[string]string{"a": "b"})
}

//pair:c24 double-lock
func (c *config) getLocked(k string) string { return c.vals[k] }

func (c *config) mergeB(other map[string]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, v := range other {
		if c.getLocked(k) == "" {
			c.vals[k] = v
		}
	}
}

func c24() {
	c := &config{vals: map[string]string{}}
	c.mergeB(map[string]string{"a": "b"})
	c.get("a")
}

//pair:c25 double-lock
type emitter struct {
	mu    sync.Mutex
	hooks []func()
	fired int
}

func (e *emitter) on(f func()) {
	e.mu.Lock()
	e.hooks = append(e.hooks, f)
	e.mu.Unlock()
}

func (e *emitter) fire() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fired++
	for _, h := range e.hooks {
		h()
	}
}

func c25() {
	e := &emitter{}
	e.on(func() { e.on(func() {}) })
	e.fire()
}

//pair:c26 double-lock
func (e *emitter) fireB() {
	e.mu.Lock()
	e.fired++
	hooks := slices.Clone(e.hooks)
	e.mu.Unlock()
	for _, h := range hooks {
		h()
	}
}

func c26() {
	e := &emitter{}
	e.on(func() { e.on(func() {}) })
	e.fireB()
}

//pair:c27 read-lock-reentry
type tree struct {
	mu   sync.RWMutex
	size int
}

func (t *tree) len() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.size
}

func (t *tree) empty() bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	time.Sleep(2 * time.Millisecond)
	return t.len() == 0
}

func (t *tree) grow() {
	t.mu.Lock()
	t.size++
	t.mu.Unlock()
}

func c27() {
	t := &tree{}
	go t.empty()
	time.Sleep(time.Millisecond)
	t.grow()
}

//pair:c28 read-lock-reentry
func (t *tree) emptyB() bool {
	t.mu.RLock()
	n := t.size
	t.mu.RUnlock()
	return n == 0 && t.len() == 0
}

func c28() {
	t := &tree{}
	go t.emptyB()
	t.grow()
}
