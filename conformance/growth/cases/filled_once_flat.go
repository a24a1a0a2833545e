// A list is filled when it is first asked for, however many ask.
package filled_once

import "strconv"

var names []string

func all(n int) []string {
	if len(names) > 0 {
		return names
	}
	for i := range n {
		names = append(names, strconv.Itoa(i))
	}
	return names
}

func Step(i int) { _ = all(i + 1) }
