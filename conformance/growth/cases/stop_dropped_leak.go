// Subscribing gives a function that unsubscribes, and nobody calls it.
package stop_dropped

import (
	"sync"
)

type bus struct {
	mu   sync.Mutex
	subs map[int]func(int)
	next int
}

var b = &bus{subs: map[int]func(int){}}

func (b *bus) Subscribe(f func(int)) func() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next++
	id := b.next
	b.subs[id] = f
	return func() { b.mu.Lock(); defer b.mu.Unlock(); delete(b.subs, id) }
}

type session struct {
	id   int
	last int
	buf  []byte
}

func handle(i int) {
	s := &session{id: i, buf: make([]byte, 100)}
	b.Subscribe(func(v int) { s.last = v })
}
func Step(i int) { handle(i) }
