package a17

// TryLock guards a single flight refresher
import (
	"sync"
	"time"
)

type Cache struct {
	refreshing sync.Mutex
	mu         sync.RWMutex
	val        string
	at         time.Time
	fetch      func() (string, error)
}

func (c *Cache) Get() string {
	c.mu.RLock()
	v, at := c.val, c.at
	c.mu.RUnlock()
	if time.Since(at) > time.Minute && c.refreshing.TryLock() {
		go func() {
			defer c.refreshing.Unlock()
			v, err := c.fetch()
			if err != nil {
				return
			}
			c.mu.Lock()
			c.val, c.at = v, time.Now()
			c.mu.Unlock()
		}()
	}
	return v
}
