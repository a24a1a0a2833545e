// A server forgets each connection where it ends.
package server_connections_forgotten

import "sync"

type conn struct{ data [64]byte }

func (c *conn) Close() error { return nil }

type listener struct{ next chan *conn }

type server struct {
	mu    sync.Mutex
	conns map[*conn]bool
	l     *listener
	done  chan bool
}

func (s *server) serve() {
	for c := range s.l.next {
		s.mu.Lock()
		s.conns[c] = true
		s.mu.Unlock()
		s.handle(c)
		s.done <- true
	}
}

func (s *server) handle(c *conn) {
	c.Close()
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
}

func (s *server) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.Close()
		delete(s.conns, c)
	}
}

var current *server

func start() *server {
	s := &server{conns: map[*conn]bool{}, l: &listener{next: make(chan *conn)}, done: make(chan bool)}
	go s.serve()
	return s
}

func Step(int) {
	if current == nil {
		current = start()
	}
	current.l.next <- new(conn)
	<-current.done
}

func Stop() { current.Close() }
