// Callbacks capture the number only.
package closure_captures_number

type request struct {
	id   int
	body []byte
}

var callbacks = map[int]func() int{}

func on(id int, f func() int) { callbacks[id] = f }

func off(id int) { delete(callbacks, id) }

func Step(i int) {
	if i < 30000 || i >= 30050 {
		off(i)
		return
	}
	req := &request{id: i, body: make([]byte, 1<<16)}
	id := req.id
	on(i, func() int { return id })
}
