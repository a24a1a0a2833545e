// Callbacks read the number and keep the request; those that are done are taken out.
package closure_keeps_request

type request struct {
	id   int
	body []byte
}

var (
	callbacks = map[int]func() int{}
	sum       int
)

func on(id int, f func() int) { callbacks[id] = f }

func off(id int) { delete(callbacks, id) }

func Step(i int) {
	if i < 30000 || i >= 30050 {
		off(i)
		return
	}
	req := &request{id: i, body: make([]byte, 1<<16)}
	on(i, func() int { return req.id })
}
