// A switch lets two keys through, and a comparison two others.
package key_of_constants

type request struct {
	method string
	body   [256]byte
}

type server struct {
	last  map[string]*request
	other map[string]*request
}

var one = &server{last: map[string]*request{}, other: map[string]*request{}}

func (s *server) handle(r *request) {
	switch r.method {
	case "GET", "PUT":
		s.last[r.method] = r
	}
	m := r.method
	if m != "HEAD" && m != "POST" {
		return
	}
	s.other[m] = r
}

var methods = []string{"GET", "PUT", "HEAD", "POST", "OPTIONS"}

func Step(i int) { one.handle(&request{method: methods[i%len(methods)]}) }
