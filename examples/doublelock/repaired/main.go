// The counter of ../leak, repaired: who holds the lock reads the field.
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
	if c.n > 0 {
		c.n = 0
	}
}

func main() {
	c := &counter{n: 1}
	fmt.Println(c.value())
	go c.reset()
	time.Sleep(10 * time.Millisecond)
}
