// A doubly linked list of sessions from which each is unlinked at its end.
package linked_both_ways

type session struct {
	id         int
	prev, next *session
}

var sessions struct{ head *session }

func open(i int) *session {
	s := &session{id: i, next: sessions.head}
	if sessions.head != nil {
		sessions.head.prev = s
	}
	sessions.head = s
	return s
}

func (s *session) close() {
	if s.prev != nil {
		s.prev.next = s.next
	} else {
		sessions.head = s.next
	}
	if s.next != nil {
		s.next.prev = s.prev
	}
}

func Step(i int) { open(i).close() }
