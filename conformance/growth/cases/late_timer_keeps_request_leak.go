// A timer that fires in a day keeps the whole request for its number.
package late_timer_keeps_request

import "time"

type request struct {
	id   int
	body []byte
}

var expired int

func serve(in chan *request) {
	for r := range in {
		time.AfterFunc(24*time.Hour, func() { expired += r.id })
	}
}

func Step(i int) {
	in := make(chan *request, 1)
	in <- &request{id: i, body: make([]byte, 64)}
	close(in)
	serve(in)
}
