// As many entries as the program has types.
package interned_types

import "reflect"

var fields = map[reflect.Type]int{}

func Step(i int) {
	var v any = i
	if i%2 == 0 {
		v = "text"
	}
	fields[reflect.TypeOf(v)]++
}
