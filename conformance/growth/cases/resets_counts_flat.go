// A loop over the map writes its own keys.
package resets_counts

var m = map[int]int{1: 0, 2: 0}

func Step(int) {
	for k := range m {
		m[k] = 0
	}
}
