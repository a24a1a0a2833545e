// A generic set, with a method that takes out.
package generic_set

type set[T comparable] struct{ m map[T]struct{} }

func (s *set[T]) add(x T) {
	if s.m == nil {
		s.m = map[T]struct{}{}
	}
	s.m[x] = struct{}{}
}

func (s *set[T]) remove(x T) { delete(s.m, x) }

var active set[int]

func Step(i int) {
	active.add(i)
	active.remove(i - 10)
}
