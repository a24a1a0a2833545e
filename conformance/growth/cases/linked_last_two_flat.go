// Only the current and the previous state are linked.
package linked_last_two

type state struct {
	n    int
	prev *state
}

var current *state

func Step(i int) {
	old := current
	if old != nil {
		old.prev = nil
	}
	current = &state{n: i, prev: old}
}
