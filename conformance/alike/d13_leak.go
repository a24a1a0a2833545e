package d13leak

// locker chosen at run time
import "sync"

type Val struct {
	mu sync.RWMutex
	n  int
}

func (v *Val) locker(write bool) sync.Locker {
	if write {
		return &v.mu
	}
	return v.mu.RLocker()
}

func (v *Val) Do(write bool, f func(*int) error) error {
	l := v.locker(write)
	l.Lock()
	if err := f(&v.n); err != nil {
		return err
	}
	l.Unlock()
	return nil
}

func (v *Val) Get() (n int) {
	_ = v.Do(false, func(p *int) error { n = *p; return nil })
	return
}
