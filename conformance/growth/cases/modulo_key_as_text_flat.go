// The key is a remainder, written as text.
package modulo_key_as_text

import (
	"strconv"
)

var m = map[string]int{}

func Step(i int) { m["w"+strconv.Itoa(i%10)] = i }
