// Sessions are marked as closed, and stay in the table.
package session_registry_kept

type session struct {
	id     int
	closed bool
	data   [64]byte
}

var sessions = map[int]*session{}

func open(id int) *session {
	s := &session{id: id}
	sessions[id] = s
	return s
}

func (s *session) close() { s.closed = true }

func Step(i int) { open(i).close() }
