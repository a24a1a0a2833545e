// Only keys that are there are written.
package updates_only

var m = map[int]int{1: 0, 2: 0}

func Step(i int) {
	if _, ok := m[i]; ok {
		m[i] = i
	}
}
