// Package k has programs about fields, maps and slices that let go of what they own.
package k

import (
	"errors"
	"os"
)

// A feed reads from a pipe on a goroutine until it is closed.
type feed struct{ from, to *os.File }

func open() (*feed, error) {
	from, to, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	f := &feed{from: from, to: to}
	go f.run()
	return f, nil
}

func (f *feed) run() {
	var one [1]byte
	for {
		if _, err := f.from.Read(one[:]); err != nil {
			return
		}
	}
}

func (f *feed) put(b byte) error {
	if b == 0 {
		return errZero
	}
	return nil
}

func (f *feed) Close() error {
	f.from.Close()
	return f.to.Close()
}

var errZero = errors.New("zero")

//pair:k01 dropped-entry
type table struct{ feeds map[int]*feed }

func (t *table) add(id int) error {
	f, err := open()
	if err != nil {
		return err
	}
	t.feeds[id] = f
	return nil
}

func (t *table) forget(id int) { delete(t.feeds, id) }

func (t *table) Close() {
	for _, f := range t.feeds {
		f.Close()
	}
}

func k01() {
	t := &table{feeds: map[int]*feed{}}
	if t.add(1) != nil || t.add(2) != nil {
		return
	}
	t.forget(1)
	t.Close()
}

//pair:k02 dropped-entry
type tidyTable struct{ feeds map[int]*feed }

func (t *tidyTable) add(id int) error {
	f, err := open()
	if err != nil {
		return err
	}
	t.feeds[id] = f
	return nil
}

func (t *tidyTable) forget(id int) {
	if f, ok := t.feeds[id]; ok {
		f.Close()
	}
	delete(t.feeds, id)
}

func (t *tidyTable) Close() {
	for _, f := range t.feeds {
		f.Close()
	}
}

func k02() {
	t := &tidyTable{feeds: map[int]*feed{}}
	if t.add(1) != nil || t.add(2) != nil {
		return
	}
	t.forget(1)
	t.Close()
}

//pair:k03 dropped-field
type writer struct{ to *feed }

func (w *writer) ensure() error {
	if w.to != nil {
		return nil
	}
	to, err := open()
	if err != nil {
		return err
	}
	w.to = to
	return nil
}

func (w *writer) unset() { w.to = nil }

func (w *writer) write(b byte) error {
	if err := w.ensure(); err != nil {
		return err
	}
	err := w.to.put(b)
	if err != nil {
		w.unset()
	}
	return err
}

func (w *writer) Close() error {
	if w.to == nil {
		return nil
	}
	return w.to.Close()
}

func k03() {
	w := &writer{}
	_ = w.write(0)
	_ = w.write(1)
	w.Close()
}

//pair:k04 dropped-field
type swapper struct{ to *feed }

func (s *swapper) fill() (err error) {
	s.to, err = open()
	return err
}

func (s *swapper) empty() {
	old := s.to
	s.to = nil
	if old != nil {
		old.Close()
	}
}

func (s *swapper) Close() error { return s.to.Close() }

func k04() {
	s := &swapper{}
	if s.fill() != nil {
		return
	}
	s.empty()
}

//pair:k05 dropped-by-helper
type reopener struct{ to *feed }

func (r *reopener) fill() (err error) {
	r.to, err = open()
	return err
}

func (r *reopener) reset() { r.to = nil }

func (r *reopener) Reopen() error {
	r.to.Close()
	r.reset()
	return r.fill()
}

func (r *reopener) Close() { r.to.Close() }

func k05() {
	r := &reopener{}
	if r.fill() != nil || r.Reopen() != nil {
		return
	}
	r.Close()
}

//pair:k06 dropped-by-helper
type careless struct{ to *feed }

func (c *careless) fill() (err error) {
	c.to, err = open()
	return err
}

func (c *careless) reset() { c.to = nil }

func (c *careless) Reopen() error {
	c.to.Close()
	c.reset()
	return c.fill()
}

func (c *careless) Fail() error {
	c.reset()
	return c.fill()
}

func (c *careless) Close() { c.to.Close() }

func k06() {
	c := &careless{}
	if c.fill() != nil || c.Fail() != nil || c.Reopen() != nil {
		return
	}
	c.Close()
}

//pair:k07 dropped-by-itself
type member struct {
	id   int
	feed *feed
	of   *club
}

func (m *member) Close() {
	m.feed.Close()
	m.of.remove(m.id)
}

type club struct{ members map[int]*member }

func (c *club) join(id int) error {
	f, err := open()
	if err != nil {
		return err
	}
	c.members[id] = &member{id: id, feed: f, of: c}
	return nil
}

func (c *club) remove(id int) { delete(c.members, id) }

func (c *club) Close() {
	for _, m := range c.members {
		m.Close()
	}
}

func k07() {
	c := &club{members: map[int]*member{}}
	if c.join(1) != nil || c.join(2) != nil {
		return
	}
	c.Close()
}

//pair:k08 dropped-list
type seeds struct{ list []*feed }

func (s *seeds) add() error {
	f, err := open()
	if err != nil {
		return err
	}
	s.list = append(s.list, f)
	return nil
}

func (s *seeds) Refresh() error {
	s.list = nil
	return s.add()
}

func (s *seeds) Close() {
	for _, f := range s.list {
		f.Close()
	}
	s.list = nil
}

func k08() {
	s := &seeds{}
	if s.add() != nil || s.Refresh() != nil {
		return
	}
	s.Close()
}

//pair:k09 dropped-list
type moved struct{ alive, dead []*feed }

func (m *moved) add() error {
	f, err := open()
	if err != nil {
		return err
	}
	m.alive = append(m.alive, f)
	return nil
}

func (m *moved) fail() {
	m.dead = append(m.dead, m.alive...)
	m.alive = nil
}

func (m *moved) Close() {
	for _, f := range m.dead {
		f.Close()
	}
	for _, f := range m.alive {
		f.Close()
	}
}

func k09() {
	m := &moved{}
	if m.add() != nil {
		return
	}
	m.fail()
	m.Close()
}
