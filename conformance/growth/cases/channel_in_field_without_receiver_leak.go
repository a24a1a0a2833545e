// Goroutines send on a channel in a field of a global from which nobody receives.
package channel_in_field_without_receiver

type hub struct{ done chan int }

var h = hub{done: make(chan int)}

func Step(i int) { go func() { h.done <- i }() }
