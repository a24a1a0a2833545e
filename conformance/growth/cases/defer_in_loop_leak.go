// Each turn of a loop that serves defers one more call.
package defer_in_loop

type res struct{ buf []byte }

func (r *res) close() { r.buf = nil }

var in = make(chan int)
var out = make(chan bool)

func loop() {
	for range in {
		r := &res{make([]byte, 64)}
		defer r.close()
		out <- true
	}
}
func init()      { go loop() }
func Step(i int) { in <- i; <-out }
