// Each turn is a function of its own: what it defers runs at its end.
package deferred_in_turn

type res struct{ buf []byte }

func (r *res) close() { r.buf = nil }

var (
	in  = make(chan int)
	out = make(chan bool)
)

func turn() {
	r := &res{make([]byte, 64)}
	defer r.close()
}

func loop() {
	for range in {
		turn()
		out <- true
	}
}

func init() { go loop() }

func Step(i int) {
	in <- i
	<-out
}
