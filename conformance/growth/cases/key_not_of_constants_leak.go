// A switch looks at the key, and lets all others through.
package key_not_of_constants

type server struct{ last map[int]*[256]byte }

var one = &server{last: map[int]*[256]byte{}}

func (s *server) handle(code int) {
	switch code {
	case 200, 404:
		return
	}
	s.last[code] = new([256]byte)
}

func Step(i int) { one.handle(i) }
