// A callback that lives as long as the program keeps a whole request alive.
//
// The registered function needs the request's identifier and captures the request, body and all.
// As nothing is ever unregistered, every body stays in memory. (No check finds this yet.)
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
	r.register(func() { // leaks: holds req, and with it the body
		fmt.Println("stop", req.id)
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
