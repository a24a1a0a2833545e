// The append goes through a pointer.
package pointer_to_slice

var queue []*[64]byte

func push(q *[]*[64]byte) { *q = append(*q, new([64]byte)) }

func Step(int) { push(&queue) }
