// An entry goes into one map or the other; the other has only a few keys.
package paired_by_kind

import "sync"

type store struct {
	mu    sync.Mutex
	files map[int]*[256]byte
	kinds map[int]*[256]byte
}

func (s *store) add(i int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case i >= 8:
		s.files[i] = new([256]byte)
	case i < 8:
		s.kinds[i] = new([256]byte)
	}
}

func (s *store) remove(i int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.files, i)
}

var stores = []*store{{files: map[int]*[256]byte{}, kinds: map[int]*[256]byte{}}}

func Step(i int) {
	stores[0].add(i)
	stores[0].remove(i)
}
