// A channel in a field of a global is only sent to here: whoever asks for it receives.
package channel_in_field_handed_out

type hub struct{ done chan int }

var h = &hub{done: make(chan int, 1)}

func (h *hub) Done() <-chan int { return h.done }

func Step(i int) {
	h.done <- i
	<-h.Done()
}
