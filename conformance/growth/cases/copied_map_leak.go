// A map of the package that is copied with one more entry, and replaced by the copy.
package copied_map

import "maps"

type page [2048]byte

var table = map[int]*page{}

func Step(i int) {
	if i%64 != 0 {
		return
	}
	next := maps.Clone(table)
	next[i] = new(page)
	table = next
}
