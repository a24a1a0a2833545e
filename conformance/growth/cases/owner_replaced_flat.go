// The owner is replaced, map and all.
package owner_replaced

type state struct{ m map[int]int }

var current = newState()

func newState() *state { return &state{m: map[int]int{}} }

func Step(i int) {
	current.m[i] = i
	if i%100 == 0 {
		current = newState()
	}
}
