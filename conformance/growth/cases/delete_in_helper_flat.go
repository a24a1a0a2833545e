// The helper gets the map.
package delete_in_helper

var m = map[int]int{}

func drop(t map[int]int, k int) { delete(t, k) }

func Step(i int) {
	m[i] = i
	drop(m, i-10)
}
