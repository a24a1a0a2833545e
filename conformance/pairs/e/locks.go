// Package e has programs about locks that meet: read again, in two orders, held across a wait.
package e

import (
	"fmt"
	"sync"
	"time"
)

const moment = time.Millisecond

//pair:e01 read-lock-reentry
type shelf struct {
	sync.RWMutex
	books map[string]int
}

func (s *shelf) count(name string) int {
	s.RLock()
	defer s.RUnlock()
	return s.books[name]
}

func (s *shelf) total() (n int) {
	s.RLock()
	defer s.RUnlock()
	for name := range s.books {
		time.Sleep(2 * moment)
		n += s.count(name)
	}
	return n
}

func (s *shelf) add(name string) {
	s.Lock()
	s.books[name]++
	s.Unlock()
}

func e01() {
	s := &shelf{books: map[string]int{"a": 1}}
	go s.total()
	time.Sleep(moment)
	s.add("b")
}

//pair:e02 read-lock-reentry
func (s *shelf) totalB() (n int) {
	s.RLock()
	names := make([]string, 0, len(s.books))
	for name := range s.books {
		names = append(names, name)
	}
	s.RUnlock()
	for _, name := range names {
		n += s.count(name)
	}
	return n
}

func e02() {
	s := &shelf{books: map[string]int{"a": 1}}
	go s.totalB()
	time.Sleep(moment)
	s.add("b")
}

//pair:e03 read-lock-reentry
type ledger struct {
	mu   sync.RWMutex
	rows []int
}

type office struct{ book *ledger }

func (l *ledger) each(f func(int)) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, row := range l.rows {
		time.Sleep(2 * moment)
		f(row)
	}
}

func (l *ledger) len() int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return len(l.rows)
}

func (l *ledger) put(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows = append(l.rows, n)
}

func (o *office) mean() (m int) {
	o.book.each(func(n int) { m += n / o.book.len() })
	return m
}

func e03() {
	o := &office{&ledger{rows: []int{1, 2}}}
	go o.mean()
	time.Sleep(moment)
	o.book.put(3)
}

//pair:e04 read-lock-reentry
func (o *office) meanB() (m int) {
	n := o.book.len()
	o.book.each(func(row int) { m += row / n })
	return m
}

func e04() {
	o := &office{&ledger{rows: []int{1, 2}}}
	go o.meanB()
	time.Sleep(moment)
	o.book.put(3)
}

//pair:e05 read-lock-reentry
type gauge struct {
	mu    sync.RWMutex
	value int
}

func (g *gauge) String() string {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return fmt.Sprint(g.value)
}

func (g *gauge) report() string {
	g.mu.RLock()
	defer g.mu.RUnlock()
	time.Sleep(2 * moment)
	return fmt.Sprintf("gauge %v", g)
}

func (g *gauge) set(n int) {
	g.mu.Lock()
	g.value = n
	g.mu.Unlock()
}

func e05() {
	g := &gauge{}
	go g.report()
	time.Sleep(moment)
	g.set(1)
}

//pair:e06 read-lock-reentry
func (g *gauge) reportB() string {
	g.mu.RLock()
	defer g.mu.RUnlock()
	time.Sleep(2 * moment)
	return fmt.Sprintf("gauge %v", g.value)
}

func e06() {
	g := &gauge{}
	go g.reportB()
	time.Sleep(moment)
	g.set(1)
}

//pair:e07 read-lock-reentry
type member interface{ online() bool }

type club struct {
	mu      sync.RWMutex
	members []member
	open    bool
}

type guest struct{ club *club }

func (g *guest) online() bool {
	g.club.mu.RLock()
	defer g.club.mu.RUnlock()
	return g.club.open
}

func (c *club) rlock() func() {
	c.mu.RLock()
	return c.mu.RUnlock
}

func (c *club) isOpen() bool {
	defer c.rlock()()
	return c.open
}

func (c *club) status() bool {
	c.mu.RLock()
	time.Sleep(2 * moment)
	open := c.isOpen()
	c.mu.RUnlock()
	return open
}

func (c *club) shut() {
	c.mu.Lock()
	c.open = false
	c.mu.Unlock()
}

func e07() {
	c := &club{}
	go c.status()
	time.Sleep(moment)
	c.shut()
}

//pair:e08 read-lock-reentry
func (c *club) statusB() bool {
	c.mu.RLock()
	time.Sleep(2 * moment)
	open := c.open
	c.mu.RUnlock()
	return open && c.isOpen()
}

func e08() {
	c := &club{open: true}
	go c.statusB()
	time.Sleep(moment)
	c.shut()
}

//pair:e09 read-lock-reentry
var settings struct {
	sync.RWMutex
	values map[string]string
}

func setting(name string) string {
	settings.RLock()
	defer settings.RUnlock()
	return settings.values[name]
}

func dump() string {
	settings.RLock()
	defer settings.RUnlock()
	text := ""
	for name := range settings.values {
		time.Sleep(2 * moment)
		text += name + setting(name)
	}
	return text
}

func setSetting(name, value string) {
	settings.Lock()
	defer settings.Unlock()
	settings.values[name] = value
}

func e09() {
	settings.values = map[string]string{"a": "b"}
	go dump()
	time.Sleep(moment)
	setSetting("b", "c")
}

//pair:e10 read-lock-reentry
type frozen struct {
	mu    sync.RWMutex
	items []string
}

func (f *frozen) at(i int) string {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.items[i]
}

// Nobody locks it for writing: readers never wait.
func (f *frozen) first() string {
	f.mu.RLock()
	defer f.mu.RUnlock()
	time.Sleep(moment)
	return f.at(0)
}

func e10() {
	f := &frozen{items: []string{"a"}}
	go f.first()
	f.first()
}

//pair:e11 read-lock-reentry
type node struct {
	mu   sync.RWMutex
	next *node
	size int
}

func (n *node) sum() int {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if n.next == nil {
		return n.size
	}
	time.Sleep(2 * moment)
	return n.size + n.next.sum() + n.own()
}

func (n *node) own() int {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.size
}

func (n *node) grow() {
	n.mu.Lock()
	n.size++
	n.mu.Unlock()
}

func e11() {
	n := &node{next: &node{}}
	go n.sum()
	time.Sleep(moment)
	n.grow()
}

//pair:e12 read-lock-reentry
func (n *node) sumB() int {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if n.next == nil {
		return n.size
	}
	time.Sleep(2 * moment)
	return n.size + n.next.sumB()
}

func e12() {
	n := &node{next: &node{}}
	go n.sumB()
	time.Sleep(moment)
	n.grow()
	n.next.grow()
}

//pair:e13 lock-order
var (
	registryMu sync.Mutex
	registry   = map[string]*service{}
)

type service struct {
	mu   sync.Mutex
	name string
	up   bool
}

func (s *service) register() {
	s.mu.Lock()
	defer s.mu.Unlock()
	time.Sleep(moment)
	registryMu.Lock()
	registry[s.name] = s
	registryMu.Unlock()
}

func (s *service) isUp() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.up
}

func anyUp() bool {
	registryMu.Lock()
	defer registryMu.Unlock()
	for _, s := range registry {
		time.Sleep(moment)
		if s.isUp() {
			return true
		}
	}
	return false
}

func e13() {
	s := &service{name: "a"}
	registry["a"] = s
	go s.register()
	anyUp()
}

//pair:e14 lock-order
func (s *service) registerB() {
	s.mu.Lock()
	name := s.name
	s.mu.Unlock()
	registryMu.Lock()
	registry[name] = s
	registryMu.Unlock()
}

func e14() {
	s := &service{name: "b"}
	registryMu.Lock()
	registry["b"] = s
	registryMu.Unlock()
	go s.registerB()
	anyUp()
}

//pair:e15 lock-order
type listener interface{ changed() }

type model struct {
	mu    sync.Mutex
	views []listener
	n     int
}

type view struct {
	mu    sync.Mutex
	model *model
	seen  int
}

func (m *model) update() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.n++
	time.Sleep(moment)
	for _, v := range m.views {
		v.changed()
	}
}

func (m *model) get() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.n
}

func (v *view) changed() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.seen++
}

func (v *view) draw() {
	v.mu.Lock()
	defer v.mu.Unlock()
	time.Sleep(moment)
	v.seen = v.model.get()
}

func e15() {
	m := &model{}
	v := &view{model: m}
	m.views = append(m.views, v)
	go m.update()
	v.draw()
}

//pair:e16 lock-order
func (v *view) drawB() {
	n := v.model.get()
	v.mu.Lock()
	defer v.mu.Unlock()
	time.Sleep(moment)
	v.seen = n
}

func e16() {
	m := &model{}
	v := &view{model: m}
	m.views = append(m.views, v)
	go m.update()
	v.drawB()
}

//pair:e17 lock-order
type store struct {
	index, data sync.RWMutex
	n           int
}

func (s *store) lockedIndex(f func()) {
	s.index.Lock()
	defer s.index.Unlock()
	time.Sleep(moment)
	f()
}

func (s *store) rebuild() {
	s.lockedIndex(func() {
		s.data.RLock()
		s.n++
		s.data.RUnlock()
	})
}

func (s *store) write() {
	s.data.Lock()
	defer s.data.Unlock()
	time.Sleep(moment)
	s.lockedIndex(func() { s.n = 0 })
}

func e17() {
	s := &store{}
	go s.rebuild()
	s.write()
}

//pair:e18 lock-order
func (s *store) writeB() {
	s.lockedIndex(func() {
		s.data.Lock()
		s.n = 0
		s.data.Unlock()
	})
}

func e18() {
	s := &store{}
	go s.rebuild()
	s.writeB()
}

//pair:e19 lock-order
type set struct {
	mu    sync.Mutex
	items map[int]bool
}

func (s *set) union(other *set) {
	s.mu.Lock()
	defer s.mu.Unlock()
	time.Sleep(moment)
	other.mu.Lock()
	defer other.mu.Unlock()
	for i := range other.items {
		s.items[i] = true
	}
}

func e19() {
	a, b := &set{items: map[int]bool{}}, &set{items: map[int]bool{}}
	done := make(chan bool, 2)
	go func() {
		a.union(b)
		done <- true
	}()
	go func() {
		b.union(a)
		done <- true
	}()
}

//pair:e20 lock-order
type ordered struct {
	mu sync.Mutex
	id int
	n  int
}

func exchange(a, b *ordered) {
	if b.id < a.id {
		a, b = b, a
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	time.Sleep(moment)
	b.mu.Lock()
	defer b.mu.Unlock()
	a.n, b.n = b.n, a.n
}

func e20() {
	a, b := &ordered{id: 1}, &ordered{id: 2}
	go exchange(a, b)
	exchange(b, a)
}

//pair:e21 lock-order
type server struct {
	mu       sync.Mutex
	sessions map[int]*session
}

type session struct {
	mu  sync.Mutex
	srv *server
	id  int
}

func (s *server) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.sessions {
		time.Sleep(moment)
		s.sessions[id].shut()
	}
}

func (s *server) forget(id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, id)
}

func (c *session) shut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.id = -1
}

func (c *session) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	time.Sleep(moment)
	c.srv.forget(c.id)
}

func e21() {
	s := &server{sessions: map[int]*session{}}
	c := &session{srv: s, id: 1}
	s.sessions[1] = c
	go s.closeAll()
	c.expire()
}

//pair:e22 lock-order
func (s *server) closeAllB() {
	s.mu.Lock()
	sessions := make([]*session, 0, len(s.sessions))
	for _, c := range s.sessions {
		sessions = append(sessions, c)
	}
	s.mu.Unlock()
	for _, c := range sessions {
		time.Sleep(moment)
		c.shut()
	}
}

func e22() {
	s := &server{sessions: map[int]*session{}}
	c := &session{srv: s, id: 1}
	s.sessions[1] = c
	go s.closeAllB()
	c.expire()
}

//pair:e23 lock-order
type twin struct {
	gate, left, right sync.Mutex
	n                 int
}

func (t *twin) leftFirst() {
	t.left.Lock()
	time.Sleep(moment)
	t.right.Lock()
	t.n++
	t.right.Unlock()
	t.left.Unlock()
}

func (t *twin) rightFirst() {
	t.right.Lock()
	time.Sleep(moment)
	t.left.Lock()
	t.n++
	t.left.Unlock()
	t.right.Unlock()
}

func e23() {
	t := &twin{}
	go t.leftFirst()
	t.rightFirst()
}

//pair:e24 lock-order
type gated struct{ twin }

func (g *gated) one() {
	g.gate.Lock()
	defer g.gate.Unlock()
	g.left.Lock()
	time.Sleep(moment)
	g.right.Lock()
	g.right.Unlock()
	g.left.Unlock()
}

func (g *gated) two() {
	g.gate.Lock()
	defer g.gate.Unlock()
	g.right.Lock()
	time.Sleep(moment)
	g.left.Lock()
	g.left.Unlock()
	g.right.Unlock()
}

func e24() {
	g := &gated{}
	go g.one()
	g.two()
}

//pair:e25 lock-held-waiting
type pool struct {
	mu   sync.Mutex
	wg   sync.WaitGroup
	jobs chan int
	sum  int
}

func newPool() *pool {
	p := &pool{jobs: make(chan int, 4)}
	p.wg.Add(1)
	go p.work()
	return p
}

func (p *pool) work() {
	defer p.wg.Done()
	for n := range p.jobs {
		time.Sleep(moment)
		p.add(n)
	}
}

func (p *pool) add(n int) {
	p.mu.Lock()
	p.sum += n
	p.mu.Unlock()
}

func (p *pool) stop() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.jobs)
	p.wg.Wait()
	return p.sum
}

func e25() {
	p := newPool()
	p.jobs <- 1
	p.stop()
}

//pair:e26 lock-held-waiting
func (p *pool) stopB() int {
	close(p.jobs)
	p.wg.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sum
}

func e26() {
	p := newPool()
	p.jobs <- 1
	p.stopB()
}

//pair:e27 lock-held-waiting
type poller struct {
	mu   sync.RWMutex
	quit chan struct{}
	done chan struct{}
	last time.Time
}

func startPoller() *poller {
	p := &poller{quit: make(chan struct{}), done: make(chan struct{})}
	go p.loop()
	return p
}

func (p *poller) loop() {
	defer close(p.done)
	for {
		select {
		case <-p.quit:
			return
		case <-time.After(moment):
			p.touch()
		}
	}
}

func (p *poller) touch() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = time.Now()
}

func (p *poller) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	time.Sleep(5 * moment)
	close(p.quit)
	<-p.done
}

func e27() { startPoller().close() }

//pair:e28 lock-held-waiting
func (p *poller) closeB() {
	p.mu.Lock()
	quit := p.quit
	p.mu.Unlock()
	time.Sleep(5 * moment)
	close(quit)
	<-p.done
}

func e28() { startPoller().closeB() }

//pair:e29 lock-held-waiting
type hub struct {
	mu    sync.Mutex
	peers map[*peer]bool
}

type peer struct {
	hub  *hub
	stop chan struct{}
	gone chan struct{}
}

func (h *hub) join() {
	p := &peer{hub: h, stop: make(chan struct{}), gone: make(chan struct{})}
	h.mu.Lock()
	h.peers[p] = true
	h.mu.Unlock()
	go p.run()
}

func (p *peer) run() {
	<-p.stop
	p.hub.leave(p)
	close(p.gone)
}

func (h *hub) leave(p *peer) {
	h.mu.Lock()
	delete(h.peers, p)
	h.mu.Unlock()
}

func (p *peer) end() {
	close(p.stop)
	<-p.gone
}

func (h *hub) shutdown() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for p := range h.peers {
		p.end()
	}
}

func e29() {
	h := &hub{peers: map[*peer]bool{}}
	h.join()
	h.shutdown()
}

//pair:e30 lock-held-waiting
func (h *hub) shutdownB() {
	h.mu.Lock()
	peers := make([]*peer, 0, len(h.peers))
	for p := range h.peers {
		peers = append(peers, p)
	}
	h.mu.Unlock()
	for _, p := range peers {
		p.end()
	}
}

func e30() {
	h := &hub{peers: map[*peer]bool{}}
	h.join()
	h.shutdownB()
}

//pair:e31 lock-held-waiting
type batch struct {
	mu   sync.Mutex
	wg   sync.WaitGroup
	errs []error
}

func (b *batch) fail(err error) {
	b.mu.Lock()
	b.errs = append(b.errs, err)
	b.mu.Unlock()
}

func (b *batch) run(n int) {
	for range n {
		b.wg.Go(func() {
			time.Sleep(moment)
			b.fail(fmt.Errorf("no"))
		})
	}
}

func (b *batch) wait() []error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wg.Wait()
	return b.errs
}

func e31() {
	b := &batch{}
	b.run(2)
	b.wait()
}

//pair:e32 lock-held-waiting
func (b *batch) waitB() []error {
	b.wg.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.errs
}

func e32() {
	b := &batch{}
	b.run(2)
	b.waitB()
}

//pair:e33 lock-held-waiting
type flusher struct {
	mu      sync.Mutex
	flushed chan struct{}
	buf     []byte
}

func (f *flusher) flush() {
	go func() {
		time.Sleep(moment)
		f.mu.Lock()
		f.buf = nil
		f.mu.Unlock()
		f.flushed <- struct{}{}
	}()
}

func (f *flusher) sync() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.flush()
	<-f.flushed
}

func e33() {
	f := &flusher{flushed: make(chan struct{})}
	f.sync()
}

//pair:e34 lock-held-waiting
type early struct {
	mu    sync.Mutex
	ready chan struct{}
	n     int
}

// The goroutine does its part before it locks.
func (e *early) start() {
	go func() {
		e.ready <- struct{}{}
		e.mu.Lock()
		e.n++
		e.mu.Unlock()
	}()
}

func (e *early) wait() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.start()
	<-e.ready
}

func e34() {
	e := &early{ready: make(chan struct{})}
	e.wait()
}

//pair:e35 lock-held-waiting
type cluster struct {
	lock sync.Mutex
	sess *member2
}

type member2 struct {
	parent *cluster
	wg     sync.WaitGroup
	stop   chan struct{}
}

func (c *cluster) join() {
	s := &member2{parent: c, stop: make(chan struct{})}
	s.wg.Add(1)
	go s.beat()
	c.sess = s
}

func (s *member2) beat() {
	defer s.wg.Done()
	<-s.stop
	s.parent.report()
}

func (s *member2) release() {
	close(s.stop)
	s.wg.Wait()
}

func (c *cluster) report() {
	c.lock.Lock()
	defer c.lock.Unlock()
}

func (c *cluster) leave() {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.sess.release()
}

func e35() {
	c := &cluster{}
	c.join()
	c.leave()
}

//pair:e36 lock-held-waiting
func (c *cluster) leaveB() {
	c.lock.Lock()
	sess := c.sess
	c.sess = nil
	c.lock.Unlock()
	if sess != nil {
		sess.release()
	}
}

func e36() {
	c := &cluster{}
	c.join()
	c.leaveB()
}

//pair:e37 range-over-ticker
type sweep struct {
	ticker *time.Ticker
	mu     sync.Mutex
	n      int
}

func newSweep() *sweep {
	f := &sweep{ticker: time.NewTicker(time.Millisecond)}
	go f.loop()
	return f
}

func (f *sweep) loop() {
	for range f.ticker.C {
		f.mu.Lock()
		f.n++
		f.mu.Unlock()
	}
}

func (f *sweep) close() {
	f.ticker.Stop()
}

func e37() {
	newSweep().close()
}

//pair:e38 range-over-ticker
type sweepB struct {
	ticker *time.Ticker
	done   chan struct{}
	mu     sync.Mutex
	n      int
}

func newSweepB() *sweepB {
	f := &sweepB{ticker: time.NewTicker(time.Millisecond), done: make(chan struct{})}
	go f.loop()
	return f
}

func (f *sweepB) loop() {
	for {
		select {
		case <-f.ticker.C:
			f.mu.Lock()
			f.n++
			f.mu.Unlock()
		case <-f.done:
			return
		}
	}
}

func (f *sweepB) close() {
	f.ticker.Stop()
	close(f.done)
}

func e38() {
	newSweepB().close()
}

//pair:e39 lock-held-waiting
type relay struct {
	mu   sync.Mutex
	msgs chan int
	sum  int
}

func newRelay() *relay {
	r := &relay{msgs: make(chan int)}
	go r.loop()
	return r
}

func (r *relay) loop() {
	for n := range r.msgs {
		r.mu.Lock()
		r.sum += n
		r.mu.Unlock()
	}
}

func (r *relay) tell(ns ...int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range ns {
		r.msgs <- n
	}
}

func e39() {
	r := newRelay()
	r.tell(1, 2)
	close(r.msgs)
}

//pair:e40 lock-held-waiting
type relayB struct {
	mu   sync.Mutex
	msgs chan int
	sum  int
}

func newRelayB() *relayB {
	r := &relayB{msgs: make(chan int)}
	go r.loop()
	return r
}

func (r *relayB) loop() {
	for n := range r.msgs {
		r.mu.Lock()
		r.sum += n
		r.mu.Unlock()
	}
}

func (r *relayB) tell(ns ...int) {
	for _, n := range ns {
		r.msgs <- n
	}
}

func e40() {
	r := newRelayB()
	r.tell(1, 2)
	close(r.msgs)
}
