// A client for each of the addresses that requests may name.
package names_remembered

import "net/http"

type client struct{ addr [256]byte }

var (
	known   = map[string]bool{"a": true, "b": true}
	clients = map[string]*client{}
)

func Serve(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Path
	if !known[name] {
		return
	}
	c, ok := clients[name]
	if !ok {
		c = new(client)
		clients[name] = c
	}
	c.addr[0]++
}

func Step(i int) {
	paths := []string{"a", "b", "c"}
	r, _ := http.NewRequest("GET", "/", nil)
	r.URL.Path = paths[i%3]
	Serve(nil, r)
}
