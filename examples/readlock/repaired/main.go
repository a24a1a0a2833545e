// As ../leak, but what both readers need expects the lock to be held.
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
	return c.sizeLocked()
}

// sizeLocked expects c.mu to be locked.
func (c *cache) sizeLocked() int { return len(c.items) }

func (c *cache) full() bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	time.Sleep(400 * time.Millisecond)
	return c.sizeLocked() > 10
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
