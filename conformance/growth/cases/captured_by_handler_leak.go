// A handler remembers every client in a map that it captures.
package captured_by_handler

import (
	"net/http"
	"strconv"
	"sync"
)

var handler = newHandler()

func newHandler() http.HandlerFunc {
	var mu sync.Mutex
	seen := map[string]int{}
	return func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen[r.RemoteAddr] = 1
	}
}

func Step(i int) {
	handler(nil, &http.Request{RemoteAddr: strconv.Itoa(i)})
}
