// A list that takes no more than a thousand nodes.
package linked_to_a_number

type node struct {
	n    int
	next *node
}

var (
	first *node
	count int
)

func Step(i int) {
	if count >= 1000 {
		return
	}
	count++
	first = &node{i, first}
}
