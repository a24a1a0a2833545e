// Captured variables lie in one object: what does not fit into registers keeps the request beside it.
package captured_together

type request struct {
	id   int
	body []byte
}

type limits struct{ a, b, c, d, e, f int }

var total int

func serve(in chan *request, tick chan bool, l limits) {
	for r := range in {
		go func() {
			total += r.id
			for range tick {
				total += l.f
			}
		}()
	}
}

var tick = make(chan bool)

func Step(i int) {
	if i >= 20000 && i < 20100 {
		in := make(chan *request, 1)
		in <- &request{id: i, body: make([]byte, 1<<16)}
		close(in)
		serve(in, tick, limits{f: i})
	}
}

func Stop() { close(tick) }
