// Captured variables that fit into registers are read when the goroutine starts: the request is let go.
package captured_in_register

type request struct {
	id   int
	body []byte
}

var total int

func serve(in chan *request, tick chan bool, limit int) {
	for r := range in {
		go func() {
			total += r.id
			for range tick {
				total += limit
			}
		}()
	}
}

var tick = make(chan bool)

func Step(i int) {
	if i >= 20000 && i < 20010 {
		in := make(chan *request, 1)
		in <- &request{id: i, body: make([]byte, 1<<16)}
		close(in)
		serve(in, tick, i)
	}
}

func Stop() { close(tick) }
