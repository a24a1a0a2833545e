// A server remembers the address of every request.
package server_remembers

import (
	"net/http"
	"strconv"
	"sync"
)

type server struct {
	mu   sync.Mutex
	seen map[string]int
}

func (s *server) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note(r.RemoteAddr)
}

func (s *server) note(addr string) { s.seen[addr] = 1 }

func New() http.Handler { return &server{seen: map[string]int{}} }

var it = New()

func Step(i int) {
	it.ServeHTTP(nil, &http.Request{RemoteAddr: strconv.Itoa(i)})
}
