// What is old is left out when a map in a field is copied with one more entry.
package copied_in_part

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
		if k > i-640 {
			next[k] = v
		}
	}
	next[i] = new(page)
	s.all = next
}

func Step(i int) {
	if i%64 == 0 {
		pages.add(i)
	}
}
