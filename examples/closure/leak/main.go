// A callback that lives as long as the program keeps a whole request alive.
//
// The registered function needs the request's identifier and captures the request, body and all.
// As nothing is ever unregistered, every body stays in memory.
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
	r.onStop = append(r.onStop, f) // leaks: nothing takes f out again
}

func handle(r *registry, req *request) {
	r.register(func() { // holds req, and with it the body
		fmt.Println("stop", req.id)
	})
}

func main() {
	r := &registry{}
	for id := range 1000 {
		handle(r, &request{id: id, body: make([]byte, 1<<10)})
	}
	fmt.Println("callbacks:", len(r.onStop))
}
