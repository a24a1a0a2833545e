// A timer takes its entry out when it fires, and so does who cancels it.
package fired_timers_deleted

import (
	"sync"
	"time"
)

type schedule struct {
	mu     sync.Mutex
	next   int
	timers map[int]*time.Timer
}

var theSchedule = &schedule{timers: map[int]*time.Timer{}}

func (s *schedule) after(f func()) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	id := s.next
	s.timers[id] = time.AfterFunc(time.Nanosecond, func() {
		s.cancel(id)
		f()
	})
	return id
}

func (s *schedule) cancel(id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t, ok := s.timers[id]; ok {
		t.Stop()
		delete(s.timers, id)
	}
}

func Step(int) {
	done := make(chan bool, 1)
	theSchedule.after(func() { done <- true })
	<-done
}
