// Only who cancels a timer takes its entry out; one that fires leaves it.
package fired_timers

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
	s.timers[s.next] = time.AfterFunc(time.Nanosecond, f)
	return s.next
}

func (s *schedule) cancel(id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t, ok := s.timers[id]; ok {
		t.Stop()
		delete(s.timers, id)
	}
}

func Step(i int) {
	done := make(chan bool, 1)
	id := theSchedule.after(func() { done <- true })
	if i%4 == 0 {
		theSchedule.cancel(id)
		return
	}
	<-done
}
