// Two buffers that change places.
package double_buffer

var front, back []int

func Step(i int) {
	front = append(front, i)
	if i%50 == 0 {
		front, back = back[:0], front
	}
}
