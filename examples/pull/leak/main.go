// An iterator is pulled once and stopped only if it was empty.
//
// Its coroutine waits for the next pull for ever, with everything that the iterator holds.
package main

import (
	"fmt"
	"iter"
	"slices"
)

func first(seq iter.Seq[int]) int {
	next, stop := iter.Pull(seq)
	v, ok := next()
	if !ok {
		stop()
		return 0
	}
	return v // leaks: nobody stops the iterator
}

func main() {
	fmt.Println(first(slices.Values([]int{1, 2, 3})))
}
