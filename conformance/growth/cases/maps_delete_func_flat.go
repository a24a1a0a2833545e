// maps.DeleteFunc takes out what is old.
package maps_delete_func

import "maps"

var m = map[int]int{}

func Step(i int) {
	m[i] = i
	maps.DeleteFunc(m, func(k, _ int) bool { return k < i-10 })
}
