// Buffers that are given back are linked into a free list, from which the next are taken.
package linked_free_list

type buffer struct {
	data [16]byte
	next *buffer
}

var free *buffer

func get() *buffer {
	if free == nil {
		return new(buffer)
	}
	b := free
	free = b.next
	b.next = nil
	return b
}

func put(b *buffer) {
	b.next = free
	free = b
}

func Step(i int) {
	b := get()
	b.data[0] = byte(i)
	put(b)
}
