// A ring into which another element is linked with each call.
package ring_linked

import "container/ring"

var seen = ring.New(1)

func Step(i int) {
	r := ring.New(1)
	r.Value = i
	seen.Link(r)
}
