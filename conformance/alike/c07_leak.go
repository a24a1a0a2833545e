package c07leak

// Close holds the lock and waits for workers that use another lock; worker TryLocks the first
import "sync"

type Svc struct {
	mu     sync.Mutex
	cmu    sync.Mutex
	count  int
	jobs   chan func()
	wg     sync.WaitGroup
	closed bool
}

func New(n int) *Svc {
	s := &Svc{jobs: make(chan func(), n)}
	s.wg.Add(n)
	for range n {
		go s.work()
	}
	return s
}

func (s *Svc) work() {
	defer s.wg.Done()
	for j := range s.jobs {
		j()
		s.cmu.Lock()
		s.count++
		s.cmu.Unlock()
		s.mu.Lock()
		s.mu.Unlock()
	}
}

func (s *Svc) Submit(f func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.jobs <- f
	return true
}

func (s *Svc) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	close(s.jobs)
	s.wg.Wait()
}
