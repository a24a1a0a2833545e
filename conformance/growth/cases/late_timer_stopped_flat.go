// A timer that would fire in a day is stopped when the work is done.
package late_timer_stopped

import "time"

type request struct {
	id   int
	body []byte
}

var expired int

func serve(in chan *request) {
	for r := range in {
		t := time.AfterFunc(24*time.Hour, func() { expired += r.id })
		r.body[0]++
		t.Stop()
	}
}

func Step(i int) {
	in := make(chan *request, 1)
	in <- &request{id: i, body: make([]byte, 64)}
	close(in)
	serve(in)
}
