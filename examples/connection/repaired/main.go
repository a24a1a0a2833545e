// The connection of ../leak, repaired: it is closed on every return.
package main

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

type conn struct {
	mu      sync.Mutex
	pending []string
	done    chan struct{}
}

func dial() *conn {
	c := &conn{done: make(chan struct{})}
	go c.each(time.Minute, c.flush)
	go c.each(time.Hour, c.ping)
	return c
}

func (c *conn) each(d time.Duration, do func()) {
	ticker := time.NewTicker(d)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			do()
		case <-c.done:
			return
		}
	}
}

func (c *conn) send(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending = append(c.pending, text)
}

func (c *conn) ping() {
	c.send("ping")
}

func (c *conn) flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending = nil
}

// Close ends both goroutines.
func (c *conn) Close() {
	close(c.done)
	c.flush()
}

func greet(name string) error {
	c := dial()
	defer c.Close()
	if name == "" {
		return errors.New("no name")
	}
	c.send("hello, " + name)
	return nil
}

func main() {
	for _, name := range []string{"gopher", ""} {
		fmt.Println(greet(name))
	}
}
