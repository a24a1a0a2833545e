// A flush sets it to nil.
package flushed

var pending []int

func flush() { pending = nil }

func Step(i int) {
	pending = append(pending, i)
	if i%100 == 0 {
		flush()
	}
}
