// Entries refer to their objects weakly, and go with them.
package weak_entries

import (
	"runtime"
	"sync"
	"weak"
)

type object struct{ data [256]byte }

var (
	mu      sync.Mutex
	objects = map[int]weak.Pointer[object]{}
)

func drop(id int) {
	mu.Lock()
	defer mu.Unlock()
	delete(objects, id)
}

func intern(id int) *object {
	o := &object{}
	mu.Lock()
	objects[id] = weak.Make(o)
	mu.Unlock()
	runtime.AddCleanup(o, drop, id)
	return o
}

var last *object

func Step(i int) {
	if i%2000 == 0 {
		last = intern(i)
		runtime.GC()
	}
}
