// A list that belongs to an object which dies with the call.
package linked_for_a_call

type node struct {
	n    int
	next *node
}

type stack struct{ top *node }

func (s *stack) push(i int) { s.top = &node{i, s.top} }

func Step(i int) {
	var s stack
	for k := range 5 {
		s.push(i + k)
	}
}
