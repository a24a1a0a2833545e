// A handler that is made for one call goes with the map that it captures.
package captured_by_handler_of_call

import (
	"net/http"
	"strconv"
	"sync"
)

func newHandler() http.HandlerFunc {
	var mu sync.Mutex
	seen := map[string]int{}
	return func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen[r.RemoteAddr] = 1
	}
}

func serve(in []string) {
	for {
		handler := newHandler()
		for _, addr := range in {
			handler(nil, &http.Request{RemoteAddr: addr})
		}
		return
	}
}

func Step(i int) {
	serve([]string{strconv.Itoa(i)})
}
