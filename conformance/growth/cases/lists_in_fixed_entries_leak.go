// The entries are made before main, and the list in each only gets longer.
package lists_in_fixed_entries

type stats struct {
	samples []int
	n       int
}

var all = map[string]*stats{"a": {}, "b": {}}

func note(name string, v int) {
	s := all[name]
	if s == nil {
		return
	}
	s.samples = append(s.samples, v)
	s.n++
}
func Step(i int) {
	if i%2 == 0 {
		note("a", i)
	} else {
		note("b", i)
	}
}
