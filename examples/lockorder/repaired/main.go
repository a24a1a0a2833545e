// As ../leak, but a guest gives its own lock back before it calls the room.
package main

import (
	"sync"
	"time"
)

type room struct {
	mu     sync.Mutex
	guests []*guest
}

type guest struct {
	mu   sync.Mutex
	room *room
	seen int
}

func (r *room) greet() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, g := range r.guests {
		time.Sleep(200 * time.Millisecond)
		g.greeted()
	}
}

func (r *room) empty() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.guests = nil
}

func (g *guest) greeted() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen++
}

func (g *guest) leave() {
	g.mu.Lock()
	room := g.room
	g.mu.Unlock()
	room.empty()
}

func main() {
	r := &room{}
	g := &guest{room: r}
	r.guests = append(r.guests, g)
	go r.greet()
	go g.leave()
	time.Sleep(600 * time.Millisecond)
}
