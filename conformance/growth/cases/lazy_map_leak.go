// The map is made when it is first needed.
package lazy_map

var m map[int]*[64]byte

func Step(i int) {
	if m == nil {
		m = make(map[int]*[64]byte)
	}
	m[i] = new([64]byte)
}
