// slices.Delete cuts.
package slices_delete

import "slices"

var s []int

func Step(i int) {
	s = append(s, i)
	if i%10 == 0 {
		s = slices.Delete(s, 0, len(s))
	}
}
