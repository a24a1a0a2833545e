package c

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// cell is one of a chain, each with a lock of its own.
type cell struct {
	mu   sync.Mutex
	used bool
	next *cell
}

func cells(n int) *cell {
	var first *cell
	for range n {
		first = &cell{next: first}
	}
	return first
}

//pair:c49 kept-in-a-chain
func claim(c *cell) *cell {
	for ; c != nil; c = c.next {
		c.mu.Lock()
		if !c.used {
			return c
		}
		c.mu.Unlock()
	}
	return nil
}

func c49() {
	c := claim(cells(2))
	defer c.mu.Unlock()
	c.used = true
}

//pair:c50 kept-in-a-chain
type shelf struct{ first *cell }

func (s *shelf) use() bool {
	for c := s.first; c != nil; c = c.next {
		c.mu.Lock()
		if c.used {
			return false
		}
		c.used = true
		c.mu.Unlock()
	}
	return true
}

func c50() {
	s := &shelf{cells(1)}
	s.use()
	for range 2 {
		go s.use()
	}
	time.Sleep(time.Millisecond)
}

//pair:c51 kept-in-a-chain
type latch struct {
	mu   sync.Mutex
	full bool
	up   *latch
}

func latchUp(l *latch) *latch {
	for {
		l.mu.Lock()
		if !l.full || l.up == nil {
			return l
		}
		next := l.up
		l.mu.Unlock()
		l = next
	}
}

func c51() {
	l := latchUp(&latch{full: true, up: &latch{}})
	defer l.mu.Unlock()
	l.full = true
}

//pair:c52 kept-for-nobody
type journal struct {
	mu   sync.Mutex
	over bool
	each func() error
}

func (j *journal) flush() error {
	j.mu.Lock()
	if j.over {
		return nil
	}
	err := j.each()
	j.mu.Unlock()
	return err
}

func c52() {
	j := &journal{over: true}
	_ = j.flush()
	go func() { _ = j.flush() }()
}

//pair:c53 kept-for-nobody
type journalB struct {
	mu   sync.Mutex
	over bool
	each func() error
}

// begin returns nil with the lock held.
func (j *journalB) begin() error {
	j.mu.Lock()
	if !j.over {
		return nil
	}
	err := j.each()
	j.mu.Unlock()
	return err
}

func (j *journalB) end() { j.mu.Unlock() }

func (j *journalB) flush() error {
	if err := j.begin(); err != nil {
		return err
	}
	defer j.end()
	return nil
}

func c53() {
	j := &journalB{}
	_ = j.flush()
	go func() { _ = j.flush() }()
}

//pair:c54 kept-with-true
type index struct {
	mu    sync.Mutex
	items map[string]int
}

func (x *index) find(key string) (int, bool) {
	x.mu.Lock()
	if n, ok := x.items[key]; ok {
		return n, true
	}
	x.mu.Unlock()
	return 0, false
}

func c54() {
	x := &index{items: map[string]int{"a": 1}}
	_, _ = x.find("a")
	go func() { _, _ = x.find("a") }()
}

//pair:c55 kept-with-true
type indexB struct {
	mu    sync.Mutex
	items map[string]int
}

// find leaves the index locked if it says so.
func (x *indexB) find(key string) (int, bool) {
	x.mu.Lock()
	if n, ok := x.items[key]; ok {
		return n, true
	}
	x.mu.Unlock()
	return 0, false
}

func (x *indexB) remove(key string) {
	if _, ok := x.find(key); ok {
		delete(x.items, key)
		x.mu.Unlock()
	}
}

func c55() {
	x := &indexB{items: map[string]int{"a": 1}}
	x.remove("a")
	go x.remove("a")
}

//pair:c56 prints-itself
type purse struct {
	mu   sync.Mutex
	name string
	sum  int
}

func (a *purse) String() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.name
}

func (a *purse) take(n int) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n > a.sum {
		return fmt.Errorf("cannot take %d from %v", n, a)
	}
	a.sum -= n
	return nil
}

func c56() { _ = (&purse{name: "a"}).take(1) }

//pair:c57 prints-itself
type purseB struct {
	mu   sync.Mutex
	name string
	sum  int
}

func (a *purseB) String() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.name
}

func (a *purseB) take(n int) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n > a.sum {
		return fmt.Errorf("cannot take %d from %v", n, a.name)
	}
	a.sum -= n
	return nil
}

func c57() {
	a := &purseB{name: "a"}
	_ = a.take(1)
	_ = a.String()
}

//pair:c58 tells-watchers
type settings struct {
	mu       sync.Mutex
	values   map[string]string
	watchers []func(*settings, string)
}

func (s *settings) get(key string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.values[key]
}

func (s *settings) watch(f func(*settings, string)) {
	s.mu.Lock()
	s.watchers = append(s.watchers, f)
	s.mu.Unlock()
}

func (s *settings) set(key, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[key] = value
	for _, w := range s.watchers {
		w(s, key)
	}
}

func c58() {
	s := &settings{values: map[string]string{}}
	s.watch(func(s *settings, key string) { _ = s.get(key) })
	s.set("a", "b")
}

//pair:c59 tells-watchers
type settingsB struct {
	mu       sync.Mutex
	values   map[string]string
	watchers []func(*settingsB, string)
}

func (s *settingsB) get(key string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.values[key]
}

func (s *settingsB) watch(f func(*settingsB, string)) {
	s.mu.Lock()
	s.watchers = append(s.watchers, f)
	s.mu.Unlock()
}

func (s *settingsB) set(key, value string) {
	s.mu.Lock()
	s.values[key] = value
	watchers := slices.Clone(s.watchers)
	s.mu.Unlock()
	for _, w := range watchers {
		w(s, key)
	}
}

func c59() {
	s := &settingsB{values: map[string]string{}}
	s.watch(func(s *settingsB, key string) { _ = s.get(key) })
	s.set("a", "b")
}
