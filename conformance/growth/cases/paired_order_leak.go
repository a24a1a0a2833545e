// Evicting forgets the key in the list of keys.
package paired_order

import "sync"

type cache struct {
	mu    sync.Mutex
	items map[int]*[64]byte
	order []int
}

func (c *cache) add(key int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.items[key] = new([64]byte)
	c.order = append(c.order, key)
}

func (c *cache) remove(key int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.items, key)
}

var caches = map[string]*cache{"a": {items: map[int]*[64]byte{}}}

func Step(i int) {
	caches["a"].add(i)
	caches["a"].remove(i)
}
