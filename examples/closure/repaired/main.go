// The callback of ../leak, repaired: it captures the identifier only, and it is taken out again when
// the request is done.
package main

import "fmt"

type request struct {
	id   int
	body []byte
}

type registry struct {
	next   int
	onStop map[int]func()
}

// register returns the function that takes f out again.
func (r *registry) register(f func()) func() {
	key := r.next
	r.next++
	r.onStop[key] = f
	return func() { delete(r.onStop, key) }
}

func handle(r *registry, req *request) {
	id := req.id
	unregister := r.register(func() {
		fmt.Println("stop", id)
	})
	defer unregister()
}

func main() {
	r := &registry{onStop: map[int]func(){}}
	for id := range 1000 {
		handle(r, &request{id: id, body: make([]byte, 1<<10)})
	}
	fmt.Println("callbacks:", len(r.onStop))
}
