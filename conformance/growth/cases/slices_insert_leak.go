// slices.Insert makes it longer.
package slices_insert

import "slices"

var sorted []int64

func Step(i int) { sorted = slices.Insert(sorted, len(sorted), int64(i)) }
