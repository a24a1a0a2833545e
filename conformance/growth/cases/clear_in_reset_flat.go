// A reset method clears.
package clear_in_reset

type batch struct{ m map[int]int }

var current = batch{m: map[int]int{}}

func (b *batch) reset() { clear(b.m) }

func Step(i int) {
	current.m[i] = i
	if i%100 == 0 {
		current.reset()
	}
}
