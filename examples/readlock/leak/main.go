// A reader calls, under its read lock, another reader of the same lock.
//
// A waiting writer keeps new readers out. If it comes between the two, the second RLock waits for the
// writer, and the writer for the first RLock.
package main

import (
	"sync"
	"time"
)

type cache struct {
	mu    sync.RWMutex
	items map[string]int
}

func (c *cache) size() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.items)
}

func (c *cache) full() bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	time.Sleep(400 * time.Millisecond)
	return c.size() > 10 // leaks: size locks c.mu for reading again
}

func (c *cache) put(key string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.items[key] = n
}

func main() {
	c := &cache{items: map[string]int{}}
	go c.full()
	time.Sleep(100 * time.Millisecond)
	go c.put("a", 1)
	time.Sleep(500 * time.Millisecond)
}
