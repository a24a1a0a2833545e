// A generic set with a Remove that is called.
package set_with_remove

type set[T comparable] struct{ m map[T]struct{} }

func (s *set[T]) add(v T)    { s.m[v] = struct{}{} }
func (s *set[T]) remove(v T) { delete(s.m, v) }

var ids = &set[int]{m: map[int]struct{}{}}

func Step(i int) {
	ids.add(i)
	ids.remove(i)
}
