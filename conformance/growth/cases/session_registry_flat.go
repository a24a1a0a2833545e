// What a session keeps goes when the session is taken out of the table.
package session_registry

type session struct {
	id   int
	seen map[int]*[64]byte
}

var sessions = map[int]*session{}

func open(id int) *session {
	s := &session{id: id, seen: map[int]*[64]byte{}}
	sessions[id] = s
	return s
}

func (s *session) see(n int) { s.seen[n] = new([64]byte) }

func (s *session) close() { delete(sessions, s.id) }

func Step(i int) {
	s := open(i)
	for n := range 4 {
		s.see(i + n)
	}
	s.close()
}
