// Nobody receives what each goroutine sends.
package channel_without_receiver

var events = make(chan *[64]byte, 4)

func record(e *[64]byte) { events <- e }

func Step(i int) {
	if i%10 == 0 {
		go record(new([64]byte))
	}
}
