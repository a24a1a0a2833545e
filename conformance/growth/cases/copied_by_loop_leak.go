// A map in a field that is copied entry by entry with one more, and replaced by the copy.
package copied_by_loop

import "sync"

type page [2048]byte

type store struct {
	mu  sync.Mutex
	all map[int]*page
}

var pages store

func (s *store) add(i int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := make(map[int]*page, len(s.all)+1)
	for k, v := range s.all {
		next[k] = v
	}
	next[i] = new(page)
	s.all = next
}

func Step(i int) {
	if i%64 == 0 {
		pages.add(i)
	}
}
