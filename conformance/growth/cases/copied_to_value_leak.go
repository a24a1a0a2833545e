// A list that readers load from an atomic value; the writer stores a longer copy.
package copied_to_value

import "sync/atomic"

var hooks atomic.Value

func add(f func() int) {
	old, _ := hooks.Load().([]func() int)
	hooks.Store(append(old, f))
}

func Step(i int) { add(func() int { return i }) }
