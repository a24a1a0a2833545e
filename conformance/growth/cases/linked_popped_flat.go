// Records are pushed onto a list of the package and popped from it.
package linked_popped

type record struct {
	id   int
	next *record
}

var head *record

func push(i int) { head = &record{id: i, next: head} }

func pop() *record {
	r := head
	if r != nil {
		head = r.next
	}
	return r
}

func Step(i int) {
	push(i)
	pop()
}
