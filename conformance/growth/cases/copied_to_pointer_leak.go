// A map that readers load from an atomic pointer; the writer stores a grown copy.
package copied_to_pointer

import (
	"maps"
	"sync"
	"sync/atomic"
)

type page [2048]byte

var (
	mu    sync.Mutex
	names atomic.Pointer[map[int]*page]
)

func Step(i int) {
	if i%64 != 0 {
		return
	}
	mu.Lock()
	defer mu.Unlock()
	next := map[int]*page{}
	if old := names.Load(); old != nil {
		next = maps.Clone(*old)
	}
	next[i] = new(page)
	names.Store(&next)
}
