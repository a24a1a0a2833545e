// Whoever stops waiting leaves the channel of its answer in the map.
package timeout_leaves_entry

import (
	"context"
	"sync"
)

type client struct {
	mu      sync.Mutex
	pending map[int]chan int
}

var c = &client{pending: map[int]chan int{}}

func (c *client) wait(ctx context.Context, id int) (int, error) {
	ch := make(chan int, 1)
	c.mu.Lock()
	c.pending[id] = ch
	c.mu.Unlock()
	select {
	case v := <-ch:
		c.mu.Lock()
		delete(c.pending, id)
		c.mu.Unlock()
		return v, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}
func Step(i int) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, _ = c.wait(ctx, i)
}
