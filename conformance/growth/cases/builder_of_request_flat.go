// The text of a request is kept as long as the request.
package builder_of_request

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
)

type answer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (a *answer) add(r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	fmt.Fprintf(&a.text, "%s\n", r.RemoteAddr)
}

type server struct{ n int }

func (s *server) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	a := &answer{}
	a.add(r)
	s.n += a.text.Len()
}

func New() http.Handler { return &server{} }

var it = New()

func Step(i int) {
	it.ServeHTTP(nil, &http.Request{RemoteAddr: "some address of some length"})
}
