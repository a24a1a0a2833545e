// The goroutine of ../leak, repaired: it gets the identifier, and the request can go when it has been
// answered.
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
func (s *session) watch(id int) {
	defer s.wg.Done()
	for range s.ticks {
		s.seen[id]++
	}
}

func (s *session) handle(req *request) {
	s.wg.Add(1)
	go s.watch(req.id)
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
