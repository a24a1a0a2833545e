// The session of ../leak, repaired: closing it ends its worker, and the worker stops its ticker.
package main

import (
	"fmt"
	"runtime"
	"time"
)

type session struct {
	name string
	done chan struct{}
}

func open(name string) *session {
	s := &session{name: name, done: make(chan struct{})}
	go s.keepAlive()
	return s
}

func (s *session) keepAlive() {
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-ticker.C:
			s.ping()
		}
	}
}

func (s *session) ping() {}

func (s *session) Close() {
	close(s.done)
}

func main() {
	for _, name := range []string{"a", "b", "c"} {
		s := open(name)
		s.Close()
	}
	time.Sleep(20 * time.Millisecond)
	fmt.Println("goroutines:", runtime.NumGoroutine())
}
