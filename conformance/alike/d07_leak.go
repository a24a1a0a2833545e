package d07leak

// track() returns the done function of the wait group
import (
	"errors"
	"sync"
)

type Svc struct {
	mu     sync.Mutex
	closed bool
	wg     sync.WaitGroup
}

var ErrClosed = errors.New("closed")

func (s *Svc) track() (func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	s.wg.Add(1)
	return s.wg.Done, nil
}

func (s *Svc) Do(f func() error) error {
	done, err := s.track()
	if err != nil {
		return err
	}
	if err := f(); err != nil {
		return err
	}
	done()
	return nil
}

func (s *Svc) Async(f func()) error {
	done, err := s.track()
	if err != nil {
		return err
	}
	go func() {
		defer done()
		f()
	}()
	return nil
}

func (s *Svc) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.wg.Wait()
}
