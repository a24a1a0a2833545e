// A map of maps; the inner ones grow.
package nested_map

var byKind = map[bool]map[int]*[64]byte{true: {}, false: {}}

func Step(i int) { byKind[i%2 == 0][i] = new([64]byte) }
