// A list is made where the table has none, element by element, and kept.
package list_made_once

import "reflect"

var fields = map[reflect.Type][]string{}

func of(t reflect.Type) []string {
	list, ok := fields[t]
	if ok {
		return list
	}
	for i := range t.NumField() {
		list = append(list, t.Field(i).Name)
	}
	fields[t] = list
	return list
}

var values = []any{struct{ A int }{}, struct{ B, C int }{}}

func Step(i int) { of(reflect.TypeOf(values[i%len(values)])) }
