// A batch is cleared before it is cut to nothing.
package cut_to_nothing_cleared

import "sync"

type call struct{ data []byte }

type batch struct {
	mu      sync.Mutex
	pending []*call
}

var theBatch batch

func (b *batch) add(c *call) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pending = append(b.pending, c)
}

func (b *batch) flush() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.pending)
	b.pending = b.pending[:0]
}

func Step(i int) {
	switch {
	case i >= 30000 && i < 30500:
		theBatch.add(&call{make([]byte, 4096)})
	case i == 31000:
		theBatch.flush()
	}
}
