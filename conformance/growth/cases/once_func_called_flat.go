// A function that was called once has let go of what it captured; a later one takes its place.
package once_func_called

import "sync"

type request struct {
	id   int
	body []byte
}

var (
	total int
	last  = map[string]func(){}
)

func Step(i int) {
	r := &request{id: i, body: make([]byte, 64)}
	f := sync.OnceFunc(func() { total += r.id })
	f()
	last["x"] = f
}
