package l

//pair:l07 caller-alone
type question struct {
	n      int
	answer chan<- int
}

type summer struct {
	in   chan question
	stop chan struct{}
}

func newSummer() *summer {
	s := &summer{make(chan question), make(chan struct{})}
	go s.loop()
	return s
}

func (s *summer) loop() {
	sum := 0
	for {
		select {
		case q := <-s.in:
			if q.n < 0 {
				continue
			}
			sum += q.n
			q.answer <- sum
		case <-s.stop:
			return
		}
	}
}

func (s *summer) Add(n int) int {
	answer := make(chan int)
	s.in <- question{n, answer}
	return <-answer
}

func (s *summer) Close() { close(s.stop) }

func l07() {
	s := newSummer()
	defer s.Close()
	s.Add(1)
	s.Add(-1)
}

//pair:l08 caller-alone
type request struct {
	n      int
	answer chan<- int
}

type pairing struct {
	in   chan request
	give chan int
	stop chan struct{}
}

func newPairing() *pairing {
	p := &pairing{make(chan request), make(chan int), make(chan struct{})}
	go p.loop()
	return p
}

// loop answers a request now, or when somebody gives what it asks for.
func (p *pairing) loop() {
	var waiting []request
	for {
		select {
		case q := <-p.in:
			if q.n < 0 {
				waiting = append(waiting, q)
				continue
			}
			q.answer <- q.n
		case n := <-p.give:
			for _, q := range waiting {
				q.answer <- n
			}
			waiting = nil
		case <-p.stop:
			return
		}
	}
}

func (p *pairing) Get(n int) int {
	answer := make(chan int)
	p.in <- request{n, answer}
	return <-answer
}

func (p *pairing) Give(n int) { p.give <- n }

func (p *pairing) Close() { close(p.stop) }

func l08() {
	p := newPairing()
	defer p.Close()
	done := make(chan int)
	go func() { done <- p.Get(-1) }()
	for {
		select {
		case <-done:
			return
		default:
			p.Give(1)
		}
	}
}

//pair:l10 receiver-gone
type writer struct {
	out chan string
	put func(string) error
}

func newWriter(put func(string) error) *writer {
	w := &writer{make(chan string), put}
	go w.loop()
	return w
}

func (w *writer) loop() {
	for text := range w.out {
		if err := w.put(text); err != nil {
			return
		}
	}
}

func (w *writer) Send(text string) { w.out <- text }

func (w *writer) Close() { close(w.out) }

func l10() {
	w := newWriter(func(string) error { return errWork })
	w.Send("a")
	w.Send("b")
	w.Close()
}

//pair:l11 receiver-gone
type writerB struct {
	out  chan string
	dead chan struct{}
	put  func(string) error
}

func newWriterB(put func(string) error) *writerB {
	w := &writerB{make(chan string), make(chan struct{}), put}
	go w.loop()
	return w
}

func (w *writerB) loop() {
	defer close(w.dead)
	for text := range w.out {
		if err := w.put(text); err != nil {
			return
		}
	}
}

func (w *writerB) Send(text string) {
	select {
	case w.out <- text:
	case <-w.dead:
	}
}

func (w *writerB) Close() { close(w.out) }

func l11() {
	w := newWriterB(func(string) error { return errWork })
	w.Send("a")
	w.Send("b")
	w.Close()
}

//pair:l12 receiver-gone
type writerC struct {
	out chan string
	put func(string) error
}

func newWriterC(put func(string) error) *writerC {
	w := &writerC{make(chan string), put}
	go w.loop()
	return w
}

func (w *writerC) loop() {
	failed := false
	for text := range w.out {
		if failed {
			continue
		}
		failed = w.put(text) != nil
	}
}

func (w *writerC) Send(text string) { w.out <- text }

func (w *writerC) Close() { close(w.out) }

func l12() {
	w := newWriterC(func(string) error { return errWork })
	w.Send("a")
	w.Send("b")
	w.Close()
}

//pair:l13 receiver-gone
type writerD struct {
	out  chan string
	dead chan struct{}
	put  func(string) error
}

func newWriterD(put func(string) error) *writerD {
	w := &writerD{make(chan string), make(chan struct{}), put}
	go w.loop()
	return w
}

func (w *writerD) loop() {
	for text := range w.out {
		if err := w.put(text); err != nil {
			close(w.dead)
			return
		}
	}
}

func (w *writerD) Send(text string) { w.out <- text }

// Dead is closed when nothing may be sent any more.
func (w *writerD) Dead() <-chan struct{} { return w.dead }

func (w *writerD) Close() { close(w.out) }

func l13() {
	w := newWriterD(func(string) error { return errWork })
	w.Send("a")
	select {
	case <-w.Dead():
	default:
		w.Close()
	}
}
