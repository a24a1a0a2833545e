// Goroutines that go on read the number and keep the request.
package goroutine_keeps_request

type request struct {
	id   int
	body []byte
}

var (
	ticks = make(chan bool)
	sum   = make(chan int, 1)
)

func watch(req *request) {
	for range ticks {
		select {
		case sum <- req.id:
		default:
		}
	}
}

func Step(i int) {
	switch {
	case i >= 30000 && i < 30050:
		go watch(&request{id: i, body: make([]byte, 1<<16)})
	case i >= 50000:
		ticks <- true
		<-sum
	}
}
