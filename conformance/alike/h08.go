package h08

// Once.Do in handle: slot, lock, waitgroup, counter
import (
	"errors"
	"sync"
)

type hnd struct {
	once sync.Once
	fn   func()
}

func (h *hnd) Close() { h.once.Do(h.fn) }

type S struct {
	mu sync.Mutex
	wg sync.WaitGroup
	n  int
}

var ErrFull = errors.New("full")

func (s *S) Begin(check func() error) (*hnd, error) {
	s.wg.Add(1)
	h := &hnd{fn: s.wg.Done}
	if err := check(); err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

func (s *S) Enter(check func() error) (*hnd, error) {
	s.mu.Lock()
	if s.n >= 8 {
		s.mu.Unlock()
		return nil, ErrFull
	}
	s.n++
	s.mu.Unlock()
	h := &hnd{fn: func() { s.mu.Lock(); s.n--; s.mu.Unlock() }}
	if err := check(); err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

func (s *S) Grab(check func() error) (*hnd, error) {
	s.mu.Lock()
	h := &hnd{fn: s.mu.Unlock}
	if err := check(); err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

func (s *S) Run(check func() error, f func()) error {
	h, err := s.Begin(check)
	if err != nil {
		return err
	}
	defer h.Close()
	g, err := s.Enter(check)
	if err != nil {
		return err
	}
	defer g.Close()
	f()
	return nil
}

func (s *S) Wait() { s.wg.Wait() }
