// The insertion stands in a function literal.
package in_closure

var seen = map[int]*[64]byte{}

func Step(i int) {
	note := func() { seen[i] = new([64]byte) }
	note()
}
