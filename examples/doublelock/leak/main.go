// A method that holds the lock calls a method that takes it.
//
// Go's mutexes know no owner: the second Lock waits for the first to be given back, and the one who
// could give it back is waiting. The goroutine blocks itself, and everyone after it.
package main

import (
	"fmt"
	"sync"
	"time"
)

type counter struct {
	mu sync.Mutex
	n  int
}

func (c *counter) value() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

func (c *counter) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.value() > 0 { // leaks: value locks c.mu again
		c.n = 0
	}
}

func main() {
	c := &counter{n: 1}
	fmt.Println(c.value())
	go c.reset()
	time.Sleep(10 * time.Millisecond)
}
