// The function of ../leak, repaired: the stop is deferred.
package main

import (
	"fmt"
	"iter"
	"slices"
)

func first(seq iter.Seq[int]) int {
	next, stop := iter.Pull(seq)
	defer stop()
	v, _ := next()
	return v
}

func main() {
	fmt.Println(first(slices.Values([]int{1, 2, 3})))
}
