// Every session starts a worker that nothing can end.
//
// The worker's loop has no way out: no break, no return, no context, no channel that somebody
// closes. Closing the session ends nothing, so every session ever opened leaves a goroutine and a
// ticker behind.
package main

import (
	"fmt"
	"runtime"
	"time"
)

type session struct {
	name string
}

func open(name string) *session {
	s := &session{name: name}
	go s.keepAlive() // leaks: keepAlive never returns
	return s
}

func (s *session) keepAlive() {
	ticker := time.NewTicker(5 * time.Millisecond)
	for {
		<-ticker.C
		s.ping()
	}
}

func (s *session) ping() {}

func (s *session) Close() {
	s.name = ""
}

func main() {
	for _, name := range []string{"a", "b", "c"} {
		s := open(name)
		s.Close()
	}
	time.Sleep(20 * time.Millisecond)
	fmt.Println("goroutines:", runtime.NumGoroutine())
}
