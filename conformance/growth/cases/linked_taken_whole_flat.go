// A lock-free stack that a consumer takes as a whole.
package linked_taken_whole

import "sync/atomic"

type item struct {
	n    int
	next *item
}

var top atomic.Pointer[item]

func push(i int) {
	it := &item{n: i}
	for {
		old := top.Load()
		it.next = old
		if top.CompareAndSwap(old, it) {
			return
		}
	}
}

func Step(i int) {
	push(i)
	if i%50 == 0 {
		for it := top.Swap(nil); it != nil; it = it.next {
			it.n++
		}
	}
}
