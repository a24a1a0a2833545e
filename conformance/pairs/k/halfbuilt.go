package k

import (
	"errors"
	"sync"
)

var errBad = errors.New("bad")

// A fan has several feeds.
type fan struct{ feeds []*feed }

func (f *fan) Close() {
	for _, one := range f.feeds {
		one.Close()
	}
}

//pair:k10 half-built-list
func fanA(n int) (*fan, error) {
	f := &fan{}
	for i := range n {
		one, err := open()
		if err != nil {
			return nil, err
		}
		f.feeds = append(f.feeds, one)
		if i == 1 {
			return nil, errBad
		}
	}
	return f, nil
}

func k10() { _, _ = fanA(2) }

//pair:k11 half-built-list
func fanB(n int) (*fan, error) {
	f := &fan{}
	for i := range n {
		one, err := open()
		if err != nil {
			f.Close()
			return nil, err
		}
		f.feeds = append(f.feeds, one)
		if i == 1 {
			f.Close()
			return nil, errBad
		}
	}
	return f, nil
}

func k11() { _, _ = fanB(2) }

//pair:k12 half-built-list
func byName(names ...string) (map[string]*feed, error) {
	feeds := make(map[string]*feed)
	for _, name := range names {
		if name == "" {
			return nil, errBad
		}
		one, err := open()
		if err != nil {
			return nil, err
		}
		feeds[name] = one
	}
	return feeds, nil
}

func k12() { _, _ = byName("a", "") }

//pair:k13 half-built-list
func byNameB(names ...string) (_ map[string]*feed, err error) {
	feeds := make(map[string]*feed)
	defer func() {
		if err != nil {
			for _, one := range feeds {
				one.Close()
			}
		}
	}()
	for _, name := range names {
		if name == "" {
			return nil, errBad
		}
		one, err := open()
		if err != nil {
			return nil, err
		}
		feeds[name] = one
	}
	return feeds, nil
}

func k13() { _, _ = byNameB("a", "") }

// A relay always has a feed.
type relay struct{ to *feed }

func newRelay() (*relay, error) {
	to, err := open()
	if err != nil {
		return nil, err
	}
	return &relay{to: to}, nil
}

func (r *relay) Close() { r.to.Close() }

//pair:k14 replaced
func (r *relay) Rotate() error {
	to, err := open()
	if err != nil {
		return err
	}
	r.to = to
	return nil
}

func (r *relay) turn() {
	if r.to.put(1) == nil {
		_ = r.Rotate()
	}
}

func k14() {
	if r, err := newRelay(); err == nil {
		r.turn()
		r.Close()
	}
}

// A tidyRelay always has a feed.
type tidyRelay struct{ to *feed }

func newTidyRelay() (*tidyRelay, error) {
	to, err := open()
	if err != nil {
		return nil, err
	}
	return &tidyRelay{to: to}, nil
}

func (r *tidyRelay) Close() { r.to.Close() }

//pair:k15 replaced
func (r *tidyRelay) Rotate() error {
	to, err := open()
	if err != nil {
		return err
	}
	r.to.Close()
	r.to = to
	return nil
}

func (r *tidyRelay) turn() {
	if r.to.put(1) == nil {
		_ = r.Rotate()
	}
}

func k15() {
	if r, err := newTidyRelay(); err == nil {
		r.turn()
		r.Close()
	}
}

type peer struct {
	mu   sync.Mutex
	gone bool
	n    int
}

//pair:k16 locked-element
func sweep(peers []*peer) {
	for _, p := range peers {
		p.mu.Lock()
		if p.gone {
			continue
		}
		p.n++
		p.mu.Unlock()
	}
}

func k16() {
	p := &peer{gone: true}
	sweep([]*peer{p})
	go sweep([]*peer{p})
}

//pair:k17 locked-element
func sweepB(peers []*peer) {
	for _, p := range peers {
		p.mu.Lock()
		if p.gone {
			p.mu.Unlock()
			continue
		}
		p.n++
		p.mu.Unlock()
	}
}

func k17() {
	p := &peer{gone: true}
	sweepB([]*peer{p})
	go sweepB([]*peer{p})
}

func named(n string) error {
	if n == "" {
		return errBad
	}
	return nil
}

//pair:k18 place-of-methods
type gate struct{ places chan struct{} }

func (g *gate) enter() { g.places <- struct{}{} }
func (g *gate) leave() { <-g.places }

func (g *gate) work(name string) error {
	g.enter()
	if err := named(name); err != nil {
		return err
	}
	g.leave()
	return nil
}

func k18() {
	g := &gate{places: make(chan struct{}, 1)}
	_ = g.work("")
	go func() { _ = g.work("a") }()
}

//pair:k19 place-of-methods
type tidyGate struct{ places chan struct{} }

func (g *tidyGate) enter() { g.places <- struct{}{} }
func (g *tidyGate) leave() { <-g.places }

func (g *tidyGate) work(name string) error {
	g.enter()
	defer g.leave()
	return named(name)
}

func k19() {
	g := &tidyGate{places: make(chan struct{}, 1)}
	_ = g.work("")
	go func() { _ = g.work("a") }()
}
