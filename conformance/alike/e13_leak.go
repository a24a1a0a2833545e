package e13leak

// lock kept while the object is closed elsewhere; no-op locker
import "sync"

type nop struct{}

func (nop) Lock()   {}
func (nop) Unlock() {}

type Set[T comparable] struct {
	l sync.Locker
	m map[T]struct{}
}

type opt func(*options)
type options struct{ sync bool }

func Sync() opt { return func(o *options) { o.sync = true } }

func NewSet[T comparable](opts ...opt) *Set[T] {
	var o options
	for _, f := range opts {
		f(&o)
	}
	s := &Set[T]{l: nop{}, m: map[T]struct{}{}}
	if o.sync {
		s.l = &sync.Mutex{}
	}
	return s
}

func (s *Set[T]) Add(v T) bool {
	s.l.Lock()
	defer s.l.Unlock()
	if _, ok := s.m[v]; ok {
		return false
	}
	if len(s.m) > 10 {
		s.Del(v)
	}
	s.m[v] = struct{}{}
	return true
}

func (s *Set[T]) Del(v T) {
	s.l.Lock()
	delete(s.m, v)
	s.l.Unlock()
}

func (s *Set[T]) Union(o *Set[T]) {
	o.l.Lock()
	vs := make([]T, 0, len(o.m))
	for v := range o.m {
		vs = append(vs, v)
	}
	o.l.Unlock()
	for _, v := range vs {
		s.Add(v)
	}
}
