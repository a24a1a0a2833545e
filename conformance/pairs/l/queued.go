package l

import "sync"

// letter asks for an answer.
type letter struct {
	n      int
	answer chan int
}

//pair:l42 question-in-queue
type office struct {
	letters chan *letter
	quit    chan struct{}
	once    sync.Once
}

func newOffice() *office {
	o := &office{letters: make(chan *letter, 8), quit: make(chan struct{})}
	go o.work()
	return o
}

func (o *office) work() {
	for {
		select {
		case l := <-o.letters:
			l.answer <- l.n + 1
		case <-o.quit:
			return
		}
	}
}

func (o *office) Ask(n int) int {
	l := &letter{n: n, answer: make(chan int, 1)}
	o.letters <- l
	return <-l.answer
}

func (o *office) Close() { o.once.Do(func() { close(o.quit) }) }

func l42() {
	o := newOffice()
	o.Ask(1)
	o.Close()
	for range 20 {
		go o.Ask(2)
	}
}

// note asks for an answer.
type note struct {
	n      int
	answer chan int
}

//pair:l43 question-in-queue
type bureau struct {
	notes chan *note
	quit  chan struct{}
	mu    sync.Mutex
	gone  bool
}

func newBureau() *bureau {
	b := &bureau{notes: make(chan *note, 8), quit: make(chan struct{})}
	go b.work()
	return b
}

func (b *bureau) work() {
	for {
		select {
		case n := <-b.notes:
			n.answer <- n.n + 1
		case <-b.quit:
			for {
				select {
				case n := <-b.notes:
					n.answer <- 0
				default:
					return
				}
			}
		}
	}
}

func (b *bureau) Ask(n int) int {
	b.mu.Lock()
	if b.gone {
		b.mu.Unlock()
		return 0
	}
	own := &note{n: n, answer: make(chan int, 1)}
	b.notes <- own
	b.mu.Unlock()
	return <-own.answer
}

func (b *bureau) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.gone {
		b.gone = true
		close(b.quit)
	}
}

func l43() {
	b := newBureau()
	b.Ask(1)
	go b.Ask(3)
	b.Close()
	for range 20 {
		go b.Ask(2)
	}
}
