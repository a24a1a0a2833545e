package m

// endless is a channel without a bound: what comes in goes out, as long as it takes.
type endless struct{ in, out chan int }

//pair:m23 parts-of-slices
func m23() { through(newForgetful()) }

func newForgetful() *endless {
	e := &endless{make(chan int), make(chan int)}
	go e.forget()
	return e
}

// forget ends as soon as nothing more comes in.
func (e *endless) forget() {
	var wait []int
	for {
		var out chan int
		var next int
		if len(wait) > 0 {
			out, next = e.out, wait[0]
		}
		select {
		case v, ok := <-e.in:
			if !ok {
				return
			}
			wait = append(wait, v)
		case out <- next:
			wait = wait[1:]
		}
	}
}

func through(e *endless) (sum int) {
	for i := range 2 {
		e.in <- i
	}
	close(e.in)
	for range 2 {
		sum += <-e.out
	}
	return sum
}

//pair:m24 parts-of-slices
func m24() { throughAll(newPatient()) }

func newPatient() *endless {
	e := &endless{make(chan int), make(chan int)}
	go e.keep()
	return e
}

// keep ends when all has gone out.
func (e *endless) keep() {
	in := e.in
	var wait []int
	for in != nil || len(wait) > 0 {
		var out chan int
		var next int
		if len(wait) > 0 {
			out, next = e.out, wait[0]
		}
		select {
		case v, ok := <-in:
			if !ok {
				in = nil
				continue
			}
			wait = append(wait, v)
		case out <- next:
			wait = wait[1:]
		}
	}
}

func throughAll(e *endless) (sum int) {
	for i := range 2 {
		e.in <- i
	}
	close(e.in)
	for range 2 {
		sum += <-e.out
	}
	return sum
}

//pair:m25 queue-of-waiters
func m25() { serveSome(2) }

// serveSome answers who waits, one after the other, and leaves the last.
func serveSome(n int) {
	var queue []chan int
	for range n {
		c := make(chan int)
		queue = append(queue, c)
		go func() { <-c }()
	}
	for len(queue) > 1 {
		first := queue[0]
		queue = queue[1:]
		first <- 1
	}
}

//pair:m26 queue-of-waiters
func m26() { serveAll(2) }

// serveAll answers who waits, one after the other.
func serveAll(n int) {
	var queue []chan int
	for range n {
		c := make(chan int)
		queue = append(queue, c)
		go func() { <-c }()
	}
	for len(queue) > 0 {
		first := queue[0]
		queue = queue[1:]
		first <- 1
	}
}
