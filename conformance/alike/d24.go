package d24

// supervisor restarts child until stop; child end told by struct of channels
import (
	"sync"
	"time"
)

type ends struct{ stop, done chan struct{} }

type Sup struct {
	mu   sync.Mutex
	kids map[string]ends
}

func New() *Sup { return &Sup{kids: map[string]ends{}} }

func (s *Sup) Spawn(name string, f func(stop <-chan struct{}) error) {
	e := ends{make(chan struct{}), make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.kids[name]; ok {
		return
	}
	s.kids[name] = e
	go func() {
		defer close(e.done)
		for f(e.stop) != nil {
			select {
			case <-e.stop:
				return
			case <-time.After(time.Second):
			}
		}
		s.mu.Lock()
		delete(s.kids, name)
		s.mu.Unlock()
	}()
}

func (s *Sup) Stop(name string) {
	s.mu.Lock()
	e, ok := s.kids[name]
	delete(s.kids, name)
	s.mu.Unlock()
	if ok {
		close(e.stop)
		<-e.done
	}
}
