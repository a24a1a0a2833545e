// A goroutine that needs a request's identifier keeps the whole request alive.
//
// What a running goroutine will still use stays in memory with all that it refers to. This one reads one
// number in each turn, and holds the body for it.
package main

import (
	"fmt"
	"sync"
)

type request struct {
	id   int
	body []byte
}

type session struct {
	ticks <-chan bool
	wg    sync.WaitGroup
	seen  [1000]int
}

// watch runs until the ticks end, long after the request has been answered.
func (s *session) watch(req *request) {
	defer s.wg.Done()
	for range s.ticks {
		s.seen[req.id]++ // keeps req, and with it the body
	}
}

func (s *session) handle(req *request) {
	s.wg.Add(1)
	go s.watch(req) // leaks: the body stays as long as the goroutine
}

func main() {
	ticks := make(chan bool)
	s := &session{ticks: ticks}
	for id := range 1000 {
		s.handle(&request{id: id, body: make([]byte, 1<<10)})
	}
	close(ticks)
	s.wg.Wait()
	fmt.Println("requests:", len(s.seen))
}
