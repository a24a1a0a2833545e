// Copy on write with a removal.
package copied_and_removed

import (
	"maps"
	"sync/atomic"
)

var names atomic.Pointer[map[int]string]

func change(f func(map[int]string)) {
	next := map[int]string{}
	if old := names.Load(); old != nil {
		next = maps.Clone(*old)
	}
	f(next)
	names.Store(&next)
}

func Step(i int) {
	change(func(m map[int]string) { m[i] = "x" })
	change(func(m map[int]string) { delete(m, i) })
}
