// The deletion is from another map.
package deletes_from_another_map

var live, done = map[int]*[64]byte{}, map[int]bool{}

func Step(i int) {
	live[i] = new([64]byte)
	done[i%4] = true
	delete(done, i%4)
}
