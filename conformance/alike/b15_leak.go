package b15leak

// two-phase: collect under lock, act without
import (
	"sync"
	"time"
)

type sess struct {
	mu   sync.Mutex
	last time.Time
	s    *Sessions
	id   string
}

type Sessions struct {
	mu sync.Mutex
	m  map[string]*sess
}

func New() *Sessions { return &Sessions{m: map[string]*sess{}} }

func (s *Sessions) Touch(id string) {
	s.mu.Lock()
	x, ok := s.m[id]
	if !ok {
		x = &sess{s: s, id: id}
		s.m[id] = x
	}
	s.mu.Unlock()
	x.mu.Lock()
	x.last = time.Now()
	x.mu.Unlock()
}

func (x *sess) expire(now time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if now.Sub(x.last) > time.Hour {
		x.s.remove(x.id)
	}
}

func (s *Sessions) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.m, id)
}

func (s *Sessions) Sweep() {
	s.mu.Lock()
	list := make([]*sess, 0, len(s.m))
	now := time.Now()
	for _, x := range s.m {
		x.expire(now)
	}
	_ = list
	s.mu.Unlock()
}
