// A ring into which an element is linked, and from which one is unlinked.
package ring_unlinked

import "container/ring"

var seen = ring.New(1)

func Step(i int) {
	r := ring.New(1)
	r.Value = i
	seen.Link(r)
	seen.Unlink(1)
}
