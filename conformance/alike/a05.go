package a05

// lock handed to the caller through an unlock function
import "sync"

type KeyedMutex struct {
	mu    sync.Mutex
	locks map[string]*entry
}

type entry struct {
	mu   sync.Mutex
	refs int
}

func (k *KeyedMutex) Lock(key string) (unlock func()) {
	k.mu.Lock()
	if k.locks == nil {
		k.locks = map[string]*entry{}
	}
	e, ok := k.locks[key]
	if !ok {
		e = &entry{}
		k.locks[key] = e
	}
	e.refs++
	k.mu.Unlock()
	e.mu.Lock()
	return func() {
		e.mu.Unlock()
		k.mu.Lock()
		defer k.mu.Unlock()
		e.refs--
		if e.refs == 0 {
			delete(k.locks, key)
		}
	}
}

type Store struct {
	km   KeyedMutex
	load func(string) (int, error)
}

func (s *Store) Update(key string) (int, error) {
	unlock := s.km.Lock(key)
	defer unlock()
	v, err := s.load(key)
	if err != nil {
		return 0, err
	}
	return v + 1, nil
}
