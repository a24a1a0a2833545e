package l

import (
	"io"
	"strings"
)

func dotted(s string) bool { return strings.Contains(s, ".") || strings.HasSuffix(s, "/") }

// board has a loop that its own stop ends.
type board struct {
	in   chan int
	stop chan struct{}
	seen map[string]chan int
}

func (b *board) run() {
	for {
		select {
		case <-b.in:
		case <-b.stop:
			return
		}
	}
}

func (b *board) post(n int) {
	select {
	case b.in <- n:
	case <-b.stop:
	}
}

//pair:l34 end-and-last-send
func l34() {
	b := &board{in: make(chan int), stop: make(chan struct{}), seen: map[string]chan int{}}
	go b.run()
	b.post(1)
	close(b.stop)
	go func() { b.in <- 2 }()
}

//pair:l35 end-and-last-send
func l35() {
	d := &desk{in: make(chan int), stop: make(chan struct{}), seen: map[string]chan int{}}
	go d.run()
	go d.post(1)
	for n := range 3 {
		d.in <- n
	}
	close(d.stop)
}

// desk is another board, which is ended by who sends to it.
type desk struct {
	in   chan int
	stop chan struct{}
	seen map[string]chan int
}

func (d *desk) run() {
	for {
		select {
		case <-d.in:
		case <-d.stop:
			return
		}
	}
}

func (d *desk) post(n int) {
	select {
	case d.in <- n:
	case <-d.stop:
	}
}

//pair:l36 slot-of-a-local-semaphore
func l36() {
	go convert([]string{"a", "b", "c"}, 1)
}

func convert(names []string, n int) {
	slots := make(chan struct{}, n)
	for _, name := range names {
		slots <- struct{}{}
		if !dotted(name) {
			continue
		}
		go func() { <-slots }()
	}
}

//pair:l37 slot-of-a-local-semaphore
func l37() {
	go convertAll([]string{"a", "b.c", "d"}, 1)
}

func convertAll(names []string, n int) {
	slots := make(chan struct{}, n)
	for _, name := range names {
		slots <- struct{}{}
		if !dotted(name) {
			<-slots
			continue
		}
		go func() { <-slots }()
	}
}

//pair:l38 type-of-others
func l38() {
	go both(flushing{}, func() int { return 1 })
}

type flushing struct{}

func (flushing) Write(b []byte) (int, error) { return len(b), nil }
func (flushing) Close() error                { return nil }

// both serves those only who can be closed.
func both(w io.Writer, work func() int) {
	if _, ok := w.(io.Closer); !ok {
		return
	}
	results := make(chan int)
	go func() { results <- work() }()
	go func() { results <- work() }()
	<-results
}

//pair:l39 type-of-others
func l39() {
	go single(flushing{}, func() int { return 1 })
}

func single(w io.Writer, work func() int) {
	if _, ok := w.(io.Closer); !ok {
		return
	}
	results := make(chan int)
	go func() { results <- work() }()
	<-results
}
