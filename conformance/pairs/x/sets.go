package x

import "sync"

//pair:x31 set-of-channels
type board struct {
	mu   sync.Mutex
	subs map[chan string]bool
}

// listen takes the next message: the channel is known to the board as a key only.
func (b *board) listen() string {
	c := make(chan string)
	b.mu.Lock()
	b.subs[c] = true
	b.mu.Unlock()
	return <-c
}

func (b *board) tell(message string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	told := len(b.subs) > 0
	for c := range b.subs {
		c <- message
		delete(b.subs, c)
	}
	return told
}

func x31() {
	b := &board{subs: map[chan string]bool{}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.listen()
	}()
	for !b.tell("hello") {
	}
	<-done
}

//pair:x32 set-of-channels
type guest struct{ left chan struct{} }

type house struct {
	mu     sync.Mutex
	guests map[*guest]struct{}
}

// stay waits until the house is closed: the guest is known to the house as a key only.
func (h *house) stay(come chan<- struct{}) {
	g := &guest{left: make(chan struct{})}
	h.mu.Lock()
	h.guests[g] = struct{}{}
	h.mu.Unlock()
	close(come)
	<-g.left
}

func (h *house) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for g := range h.guests {
		close(g.left)
	}
}

func x32() {
	h := &house{guests: map[*guest]struct{}{}}
	come, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		h.stay(come)
	}()
	<-come
	h.close()
	<-gone
}
