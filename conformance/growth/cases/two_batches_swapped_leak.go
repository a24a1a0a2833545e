// Two lists change places: the one that is worked off is cut to nothing and keeps what was in it.
package two_batches_swapped

import "sync"

type call struct{ data [4096]byte }

type worker struct {
	mu               sync.Mutex
	pending, current []*call
}

var theWorker worker

func (w *worker) add(c *call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pending = append(w.pending, c)
}

func (w *worker) work() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pending, w.current = w.current, w.pending
	w.pending = w.pending[:0]
	for _, c := range w.current {
		c.data[0]++
	}
}

func Step(i int) {
	switch {
	case i >= 30000 && i < 30500:
		theWorker.add(&call{})
	case i == 31000 || i == 31001:
		theWorker.work()
	}
}
