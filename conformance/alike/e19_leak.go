package e19leak

// worker takes the lock only if not told that the closer holds it
import (
	"sync"
	"sync/atomic"
)

type Store struct {
	mu      sync.Mutex
	closing atomic.Bool
	n       int
	quit    chan struct{}
	done    chan struct{}
	in      chan int
}

func New() *Store {
	s := &Store{quit: make(chan struct{}), done: make(chan struct{}), in: make(chan int, 4)}
	go s.run()
	return s
}

func (s *Store) run() {
	defer close(s.done)
	for {
		select {
		case v := <-s.in:
			s.mu.Lock()
			s.n += v
			s.mu.Unlock()
		case <-s.quit:
			return
		}
	}
}

func (s *Store) Put(v int) bool {
	select {
	case s.in <- v:
		return true
	case <-s.quit:
		return false
	}
}

func (s *Store) Close() int {
	if s.closing.Swap(true) {
		<-s.done
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.quit)
	<-s.done
	return s.n
}
