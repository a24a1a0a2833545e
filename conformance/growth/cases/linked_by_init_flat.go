// Names known at start are linked by init, and nothing is added later.
package linked_by_init

type name struct {
	text string
	next *name
}

var names *name

func init() {
	for _, t := range []string{"a", "b", "c"} {
		names = &name{t, names}
	}
}

func Step(i int) {
	for n := names; n != nil; n = n.next {
		_ = n.text
	}
}
