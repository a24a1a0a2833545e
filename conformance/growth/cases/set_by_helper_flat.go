// One helper for all maps: the settings' map has a few keys, the other one is emptied again.
package set_by_helper

func set[K comparable, V any](m *map[K]V, k K, v V) {
	if *m == nil {
		*m = map[K]V{}
	}
	(*m)[k] = v
}

var (
	levels map[string]int
	calls  map[int]*[256]byte
)

func configure(name string) { set(&levels, name, 1) }

func Step(i int) {
	configure("log")
	set(&calls, i, new([256]byte))
	delete(calls, i)
}
