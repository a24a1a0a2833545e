package d20

// loop-carried lock: held at the top of each turn
import (
	"sync"
	"time"
)

type Sched struct {
	mu    sync.Mutex
	tasks []func()
	stop  bool
}

func (s *Sched) Run(idle time.Duration) {
	s.mu.Lock()
	for !s.stop {
		if len(s.tasks) == 0 {
			s.mu.Unlock()
			time.Sleep(idle)
			s.mu.Lock()
			continue
		}
		t := s.tasks[0]
		s.tasks = s.tasks[1:]
		if len(s.tasks) == 0 {
			s.tasks = nil
		}
		s.mu.Unlock()
		t()
		s.mu.Lock()
	}
	s.mu.Unlock()
}

func (s *Sched) Add(f func()) {
	s.mu.Lock()
	s.tasks = append(s.tasks, f)
	s.mu.Unlock()
}

func (s *Sched) Stop() {
	s.mu.Lock()
	s.stop = true
	s.mu.Unlock()
}
