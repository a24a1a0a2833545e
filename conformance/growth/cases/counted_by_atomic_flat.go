// An atomic number beside the map bounds it.
package counted_by_atomic

import (
	"sync"
	"sync/atomic"
)

var m sync.Map
var n atomic.Int64

func Step(i int) {
	if n.Load() > 500 {
		return
	}
	if _, ok := m.LoadOrStore(i, i); !ok {
		n.Add(1)
	}
}
