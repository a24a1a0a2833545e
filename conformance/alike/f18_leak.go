package f18leak

// lock for range of keys in sorted order, unlock list
import (
	"slices"
	"sync"
)

type Locks struct{ m [64]sync.Mutex }

func (l *Locks) lock(keys []uint8) (unlock func()) {
	keys = slices.Clone(keys)
	for i := range keys {
		keys[i] %= 64
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	for _, k := range keys {
		l.m[k].Lock()
	}
	return func() {
		for _, k := range slices.Backward(keys) {
			l.m[k].Unlock()
		}
	}
}

func (l *Locks) Do(keys []uint8, f func() error) error {
	un := l.lock(keys)
	if err := f(); err != nil {
		return err
	}
	un()
	return nil
}

func (l *Locks) One(k uint8, f func()) {
	mu := &l.m[k%64]
	mu.Lock()
	defer mu.Unlock()
	f()
}
