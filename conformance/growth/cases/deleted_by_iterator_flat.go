// The keys to delete come from an iterator.
package deleted_by_iterator

import "maps"

var table = map[int]*[256]byte{}

func sweep() {
	for k := range maps.Keys(table) {
		delete(table, k)
	}
}

func Step(i int) {
	table[i] = new([256]byte)
	if i%100 == 99 {
		sweep()
	}
}
