// What has expired is not used any more, and not removed.
package expired_entries

import (
	"sync"
	"time"
)

type entry struct {
	name  [64]byte
	until time.Time
}

type cache struct {
	mu      sync.Mutex
	entries map[int]entry
}

func (c *cache) get(pid int) *[64]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.entries[pid]; ok && time.Now().Before(e.until) {
		return &e.name
	}
	e := entry{until: time.Now().Add(time.Millisecond)}
	c.entries[pid] = e
	return &e.name
}

var caches = []*cache{{entries: map[int]entry{}}}

func Step(i int) { caches[0].get(i) }
