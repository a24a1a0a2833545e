package l

import "context"

//pair:l14 loop-ended
type roomsA struct {
	ctx   context.Context
	join  chan string
	count chan chan int
}

func newRoomsA(ctx context.Context) *roomsA {
	r := &roomsA{ctx: ctx, join: make(chan string), count: make(chan chan int)}
	go r.serve(ctx)
	return r
}

func (r *roomsA) serve(ctx context.Context) {
	n := 0
	for {
		select {
		case <-r.join:
			n++
		case answer := <-r.count:
			answer <- n
		case <-ctx.Done():
			return
		}
	}
}

func (r *roomsA) Join(name string) bool {
	select {
	case r.join <- name:
		return true
	case <-r.ctx.Done():
		return false
	}
}

// Count sends to the same loop, and does not look whether it has ended.
func (r *roomsA) Count() int {
	answer := make(chan int, 1)
	r.count <- answer
	return <-answer
}

func l14() {
	ctx, cancel := context.WithCancel(context.Background())
	r := newRoomsA(ctx)
	r.Join("a")
	cancel()
	go func() {
		for {
			r.Count()
		}
	}()
}

//pair:l15 loop-ended
type roomsB struct {
	ctx   context.Context
	join  chan string
	count chan chan int
}

func newRoomsB(ctx context.Context) *roomsB {
	r := &roomsB{ctx: ctx, join: make(chan string), count: make(chan chan int)}
	go r.serve(ctx)
	return r
}

func (r *roomsB) serve(ctx context.Context) {
	n := 0
	for {
		select {
		case <-r.join:
			n++
		case answer := <-r.count:
			answer <- n
		case <-ctx.Done():
			return
		}
	}
}

func (r *roomsB) Join(name string) bool {
	select {
	case r.join <- name:
		return true
	case <-r.ctx.Done():
		return false
	}
}

func (r *roomsB) Count() (int, bool) {
	answer := make(chan int, 1)
	select {
	case r.count <- answer:
		return <-answer, true
	case <-r.ctx.Done():
		return 0, false
	}
}

func l15() {
	ctx, cancel := context.WithCancel(context.Background())
	r := newRoomsB(ctx)
	r.Join("a")
	cancel()
	go func() {
		for {
			if _, ok := r.Count(); !ok {
				return
			}
		}
	}()
}

type entry struct {
	n   int
	err error
}

//pair:l16 consumer-left
func listA(done <-chan struct{}, check func() error) <-chan entry {
	out := make(chan entry)
	go func() {
		defer close(out)
		if err := check(); err != nil {
			out <- entry{err: err}
			return
		}
		for n := 0; ; n++ {
			select {
			case out <- entry{n: n}:
			case <-done:
				return
			}
		}
	}()
	return out
}

func l16() {
	done := make(chan struct{})
	listA(done, func() error { return errWork })
	close(done)
}

//pair:l17 consumer-left
func listB(done <-chan struct{}, check func() error) <-chan entry {
	out := make(chan entry)
	send := func(e entry) bool {
		select {
		case out <- e:
			return true
		case <-done:
			return false
		}
	}
	go func() {
		defer close(out)
		if err := check(); err != nil {
			send(entry{err: err})
			return
		}
		for n := 0; send(entry{n: n}); n++ {
		}
	}()
	return out
}

func l17() {
	done := make(chan struct{})
	listB(done, func() error { return errWork })
	close(done)
}
