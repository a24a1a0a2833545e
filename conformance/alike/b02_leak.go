package b02leak

// lock state in a local variable, released by the deferred function
import (
	"errors"
	"sync"
)

type Item struct{ n int }

type LRU struct {
	mu    sync.Mutex
	items map[string]*Item
	load  func(string) (*Item, error)
}

var ErrEmpty = errors.New("empty key")

func New(load func(string) (*Item, error)) *LRU {
	return &LRU{items: map[string]*Item{}, load: load}
}

func (l *LRU) Get(k string) (*Item, error) {
	locked := false
	lock := func() { l.mu.Lock(); locked = true }
	unlock := func() { l.mu.Unlock(); locked = false }
	defer func() {
		if locked {
			unlock()
		}
	}()
	if k == "" {
		return nil, ErrEmpty
	}
	l.mu.Lock()
	if it, ok := l.items[k]; ok {
		return it, nil
	}
	unlock()
	it, err := l.load(k)
	if err != nil {
		return nil, err
	}
	lock()
	if old, ok := l.items[k]; ok {
		return old, nil
	}
	if len(l.items) > 1000 {
		clear(l.items)
	}
	l.items[k] = it
	return it, nil
}
