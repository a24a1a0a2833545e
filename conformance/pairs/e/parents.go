package e

import (
	"sync"
	"time"
)

//pair:e55 double-lock
type choir struct {
	mu   sync.Mutex
	subs []*singer
}

type singer struct{ choir *choir }

func (h *choir) listen() *singer {
	s := &singer{choir: h}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.subs = append(h.subs, s)
	return s
}

func (s *singer) leave() {
	h := s.choir
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.subs {
		if h.subs[i] == s {
			h.subs = append(h.subs[:i], h.subs[i+1:]...)
			return
		}
	}
}

func (h *choir) shut() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.subs {
		s.leave()
	}
}

func e55() {
	h := &choir{}
	h.listen()
	go h.shut()
}

//pair:e56 double-lock
func (h *choir) shutLater() {
	h.mu.Lock()
	subs := h.subs
	h.subs = nil
	h.mu.Unlock()
	for _, s := range subs {
		s.leave()
	}
}

func e56() {
	h := &choir{}
	h.listen()
	go h.shutLater()
}

//pair:e57 double-lock
type engine struct {
	mu   sync.Mutex
	part *part
	n    int
}

type part struct{ engine *engine }

func newPart(of *engine) *part { return &part{engine: of} }

func newEngine() *engine {
	e := &engine{}
	e.part = newPart(e)
	return e
}

func (p *part) report() {
	p.engine.mu.Lock()
	p.engine.n++
	p.engine.mu.Unlock()
}

func (e *engine) flush() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.part.report()
}

func e57() { go newEngine().flush() }

//pair:e58 double-lock
type depot struct {
	mu   sync.Mutex
	cart *cart
	n    int
}

type cart struct{ depot *depot }

// The cart comes from another depot.
func (d *depot) lend(to *depot) { to.cart = &cart{depot: d} }

func (c *cart) report() {
	c.depot.mu.Lock()
	c.depot.n++
	c.depot.mu.Unlock()
}

func (d *depot) flush() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cart.report()
}

func e58() {
	d := &depot{}
	(&depot{}).lend(d)
	go d.flush()
}

//pair:e59 lock-order
type span struct {
	mu     sync.Mutex
	parent *span
	parts  []*span
	n      int
}

func (s *span) sub() *span {
	c := &span{parent: s}
	s.mu.Lock()
	s.parts = append(s.parts, c)
	s.mu.Unlock()
	return c
}

func (s *span) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	time.Sleep(100 * moment)
	if s.parent != nil {
		s.parent.ended()
	}
}

func (s *span) ended() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n--
}

func (s *span) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.n
	for _, c := range s.parts {
		time.Sleep(100 * moment)
		n += c.count()
	}
	return n
}

func e59() {
	s := &span{}
	c := s.sub()
	go s.count()
	go c.end()
}

//pair:e60 lock-order
type strand struct {
	mu     sync.Mutex
	parent *strand
	parts  []*strand
	n      int
}

func (s *strand) sub() *strand {
	c := &strand{parent: s}
	s.mu.Lock()
	s.parts = append(s.parts, c)
	s.mu.Unlock()
	return c
}

func (s *strand) end() {
	s.mu.Lock()
	p := s.parent
	time.Sleep(100 * moment)
	s.mu.Unlock()
	if p != nil {
		p.ended()
	}
}

func (s *strand) ended() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n--
}

func (s *strand) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.n
	for _, c := range s.parts {
		time.Sleep(100 * moment)
		n += c.count()
	}
	return n
}

func e60() {
	s := &strand{}
	c := s.sub()
	go s.count()
	go c.end()
}
