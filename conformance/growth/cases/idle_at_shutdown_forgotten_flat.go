// A connection that has ended is taken out of its server; the shutdown takes out the rest.
package idle_at_shutdown_forgotten

import (
	"errors"
	"sync"
	"time"
)

type conn struct {
	mu   sync.Mutex
	idle bool
	buf  [64]byte
}

func (c *conn) close() {}

func (c *conn) isIdle() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.idle
}

type server struct {
	mu    sync.Mutex
	conns map[*conn]bool
	done  chan bool
}

func (s *server) Serve(accept chan int, served chan bool) error {
	for {
		select {
		case n := <-accept:
			c := s.open(n)
			go s.run(c, served)
		case <-s.done:
			return errors.New("closed")
		}
	}
}

func (s *server) open(n int) *conn {
	c := &conn{}
	c.buf[0] = byte(n)
	s.add(c)
	return c
}

func (s *server) add(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = true
}

func (s *server) run(c *conn, served chan bool) {
	c.mu.Lock()
	c.idle = true
	c.mu.Unlock()
	c.close()
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	served <- true
}

func (s *server) closeIdle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := true
	for c := range s.conns {
		if !c.isIdle() {
			all = false
			continue
		}
		c.close()
		delete(s.conns, c)
	}
	return all
}

func (s *server) Shutdown() {
	close(s.done)
	for !s.closeIdle() {
		time.Sleep(time.Millisecond)
	}
}

var (
	it     = &server{conns: map[*conn]bool{}, done: make(chan bool)}
	accept = make(chan int)
	served = make(chan bool)
)

func init() { go it.Serve(accept, served) }

func Step(i int) {
	accept <- i
	<-served
}

func Stop() { it.Shutdown() }
