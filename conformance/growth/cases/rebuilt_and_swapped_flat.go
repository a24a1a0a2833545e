// A new map takes the place of the old one.
package rebuilt_and_swapped

var table = map[int]int{}

func rebuild() {
	next := make(map[int]int)
	for k := range 10 {
		next[k] = k
	}
	table = next
}

func Step(i int) {
	table[i] = i
	if i%100 == 0 {
		rebuild()
	}
}
