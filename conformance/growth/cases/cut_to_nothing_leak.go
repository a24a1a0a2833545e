// A batch is flushed and cut to nothing: until as many are added again, the array keeps all that was in it.
package cut_to_nothing

import "sync"

type call struct{ data [4096]byte }

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
	b.pending = b.pending[:0]
}

func Step(i int) {
	switch {
	case i >= 30000 && i < 30500:
		theBatch.add(&call{})
	case i == 31000:
		theBatch.flush()
	}
}
