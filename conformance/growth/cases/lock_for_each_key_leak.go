// A lock is made for each name, and kept.
package lock_for_each_key

import (
	"strconv"
	"sync"
)

type Store struct{ locks sync.Map }

func (s *Store) With(name string, do func()) {
	lock, _ := s.locks.LoadOrStore(name, &sync.Mutex{})
	lock.(*sync.Mutex).Lock()
	defer lock.(*sync.Mutex).Unlock()
	do()
}

var stores = []*Store{{}}

func Step(i int) { stores[0].With(strconv.Itoa(i), func() {}) }
