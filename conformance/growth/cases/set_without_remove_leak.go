// A generic set whose Remove nobody calls.
package set_without_remove

type set[T comparable] struct{ m map[T]struct{} }

func (s *set[T]) add(v T)    { s.m[v] = struct{}{} }
func (s *set[T]) remove(v T) { delete(s.m, v) }

var ids = &set[int]{m: map[int]struct{}{}}

func Step(i int) { ids.add(i) }
