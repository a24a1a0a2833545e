package e04leak

// mode-dependent locks, iterator that holds the lock while it yields
import (
	"iter"
	"sync"
)

type Mode int

const (
	Read Mode = iota
	Write
)

type Doc struct {
	mu    sync.RWMutex
	lines []string
}

func (d *Doc) lock(m Mode) {
	switch m {
	case Read:
		d.mu.RLock()
	case Write:
		d.mu.Lock()
	}
}

func (d *Doc) unlock(m Mode) {
	if m == Write {
		d.mu.Unlock()
	} else {
		d.mu.RUnlock()
	}
}

func (d *Doc) With(m Mode, f func([]string) []string) {
	d.lock(m)
	defer d.unlock(m)
	if l := f(d.lines); m == Write {
		d.lines = l
	}
}

func (d *Doc) Lines() iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		d.mu.RLock()
		defer d.mu.RUnlock()
		for i, l := range d.lines {
			if !yield(i, l) {
				return
			}
		}
	}
}

func (d *Doc) Index(s string) int {
	for i, l := range d.Lines() {
		if l == s {
			return i
		}
	}
	return -1
}

func (d *Doc) Remove(s string) bool {
	for i, l := range d.Lines() {
		if l == s {
			d.mu.Lock()
			d.lines = append(d.lines[:i], d.lines[i+1:]...)
			d.mu.Unlock()
			return true
		}
	}
	return false
}
