// A server keeps the text of every request.
package builder_of_server

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
)

type server struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *server) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(&s.text, "%s\n", r.RemoteAddr)
}

func New() http.Handler { return &server{} }

var it = New()

func Step(i int) {
	it.ServeHTTP(nil, &http.Request{RemoteAddr: "some address of some length"})
}
