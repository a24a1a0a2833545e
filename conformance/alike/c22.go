package c22

// baton passing cond: each waiter wakes the next
import "sync"

type Sem struct {
	mu   sync.Mutex
	c    sync.Cond
	free int
}

func New(n int) *Sem {
	s := &Sem{free: n}
	s.c.L = &s.mu
	return s
}

func (s *Sem) Acquire(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.free < n {
		s.c.Wait()
	}
	s.free -= n
}

func (s *Sem) Release(n int) {
	s.mu.Lock()
	s.free += n
	s.mu.Unlock()
	s.c.Broadcast()
}

func (s *Sem) With(n int, f func() error) error {
	s.Acquire(n)
	defer s.Release(n)
	return f()
}
