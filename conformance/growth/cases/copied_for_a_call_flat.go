// A copy of a table with one more entry is made for a call, and dropped.
package copied_for_a_call

import "maps"

var table = map[string]int{"a": 1}

func with(k string, v int) map[string]int {
	next := maps.Clone(table)
	next[k] = v
	return next
}

func Step(i int) { with("b", i) }
