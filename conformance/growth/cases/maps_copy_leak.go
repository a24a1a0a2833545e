// Entries come in from another map.
package maps_copy

import (
	"maps"
	"strconv"
)

var seen = map[string]int{}

func Step(i int) { maps.Copy(seen, map[string]int{strconv.Itoa(i): i}) }
