// Goroutines send on a channel in a field of a global from which a worker receives.
package channel_in_field_with_receiver

type hub struct{ done chan int }

var h = start()

func start() *hub {
	h := &hub{done: make(chan int, 1024)}
	go func() {
		for range h.done {
		}
	}()
	return h
}

func Step(i int) { h.done <- i }
