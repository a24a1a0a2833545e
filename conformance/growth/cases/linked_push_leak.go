// Records are pushed onto a list of the package, and none is ever unlinked.
package linked_push

type record struct {
	id   int
	next *record
}

var head *record

func Step(i int) { head = &record{id: i, next: head} }
