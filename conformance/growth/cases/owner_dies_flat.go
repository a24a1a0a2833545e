// The map dies with the value that has it.
package owner_dies

type session struct{ seen map[int]bool }

func (s *session) note(k int) { s.seen[k] = true }

func Step(i int) {
	s := &session{seen: map[int]bool{}}
	for k := range 10 {
		s.note(i + k)
	}
}
