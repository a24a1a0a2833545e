// A local stands for the map.
package delete_through_alias

var m = map[int]int{}

func Step(i int) {
	m[i] = i
	old := m
	for k := range old {
		if k < i-10 {
			delete(old, k)
		}
	}
}
