// A cleanup is given the number that it needs.
package cleanup_by_value

import (
	"runtime"
	"sync/atomic"
)

type file struct {
	fd   int
	data [4096]byte
}

var closed atomic.Int64

func Step(i int) {
	if i%100 != 0 {
		return
	}
	f := &file{fd: i}
	runtime.AddCleanup(f, func(fd int) { closed.Add(int64(fd)) }, f.fd)
}
