// What the cleanup is given refers to the object for which it waits.
package cleanup_argument_refers

import (
	"runtime"
)

type handle struct{ owner *file }
type file struct {
	h   *handle
	buf []byte
}

func drop(h *handle) { h.owner = nil }
func Open(i int) *file {
	f := &file{buf: make([]byte, 100)}
	f.h = &handle{owner: f}
	runtime.AddCleanup(f, drop, f.h)
	return f
}
func Step(i int) { Open(i) }
