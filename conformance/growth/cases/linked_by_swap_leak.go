// A lock-free stack that is only pushed to.
package linked_by_swap

import "sync/atomic"

type item struct {
	n    int
	next *item
}

var top atomic.Pointer[item]

func Step(i int) {
	it := &item{n: i}
	for {
		old := top.Load()
		it.next = old
		if top.CompareAndSwap(old, it) {
			return
		}
	}
}
