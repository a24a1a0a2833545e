// Readers see an immutable map; writers put another one in its place, without what is old.
package atomic_snapshot

import "sync/atomic"

var current atomic.Pointer[map[int]*[256]byte]

func add(i int) {
	next := map[int]*[256]byte{}
	if old := current.Load(); old != nil {
		for k, v := range *old {
			if k > i-50 {
				next[k] = v
			}
		}
	}
	next[i] = new([256]byte)
	current.Store(&next)
}

func Step(i int) { add(i) }
