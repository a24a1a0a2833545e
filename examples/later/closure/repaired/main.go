// The callback of ../leak, repaired: it captures the identifier only.
package main

import "fmt"

type request struct {
	id   int
	body []byte
}

type registry struct {
	onStop []func()
}

func (r *registry) register(f func()) {
	r.onStop = append(r.onStop, f)
}

func handle(r *registry, req *request) {
	id := req.id
	r.register(func() {
		fmt.Println("stop", id)
	})
}

func main() {
	r := &registry{}
	for id := range 3 {
		handle(r, &request{id: id, body: make([]byte, 1<<20)})
	}
	for _, f := range r.onStop {
		f()
	}
}
