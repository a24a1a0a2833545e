// A generic set that only gets more.
package generic_set_kept

type set[T comparable] struct{ m map[T]struct{} }

func (s *set[T]) add(x T) {
	if s.m == nil {
		s.m = map[T]struct{}{}
	}
	s.m[x] = struct{}{}
}

var seen set[int]

func Step(i int) { seen.add(i) }
