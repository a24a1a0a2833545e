// A number beside the map bounds it.
package counted_by_number

import (
	"strconv"
)

var m = map[string]int{}
var n int

func Step(i int) {
	if n >= 1000 {
		return
	}
	m[strconv.Itoa(i)] = i
	n++
}
