// A logger with one more field is a new object; the old one stays as it is.
package copied_with_more

import "maps"

type logger struct{ fields map[string]int }

var root = &logger{fields: map[string]int{}}

func (l *logger) with(k string, v int) *logger {
	n := *l
	n.fields = maps.Clone(l.fields)
	n.fields[k] = v
	return &n
}

func Step(i int) { root.with("step", i) }
