// A handle that is closed by its path stays in the map.
package closed_and_left_in

import "sync"

type handle struct {
	path int
	buf  [64]byte
	open bool
}

func (h *handle) Close() error {
	h.open = false
	return nil
}

type cache struct {
	mu      sync.Mutex
	handles map[int]*handle
}

func (c *cache) open(path int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.handles[path] = &handle{path: path, open: true}
}

// drop closes a handle that is no longer used.
func (c *cache) drop(h *handle) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := h.Close()
	delete(c.handles, h.path)
	return err
}

func (c *cache) closePath(path int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	h, ok := c.handles[path]
	if !ok {
		return nil
	}
	return h.Close()
}

var it = &cache{handles: map[int]*handle{}}

func Step(i int) {
	it.open(i)
	_ = it.closePath(i)
}

func Drop(h *handle) error { return it.drop(h) }
