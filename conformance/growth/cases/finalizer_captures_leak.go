// A finalizer captures the object whose end it waits for.
package finalizer_captures

import "runtime"

type file struct {
	fd   int
	data [64]byte
}

var closed int

func Step(i int) {
	f := &file{fd: i}
	runtime.SetFinalizer(f, func(*file) { closed += f.fd })
}
