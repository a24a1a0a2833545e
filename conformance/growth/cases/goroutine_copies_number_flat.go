// The number is copied before the loop.
package goroutine_copies_number

type request struct {
	id   int
	body []byte
}

var (
	ticks = make(chan bool)
	sum   = make(chan int, 1)
)

func watch(req *request) {
	id := req.id
	for range ticks {
		select {
		case sum <- id:
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
