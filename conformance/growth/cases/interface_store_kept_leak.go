// The store is used through an interface, and nobody drops anything.
package interface_store_kept

type store interface {
	put(id int, x *[256]byte)
}

type memory struct{ m map[int]*[256]byte }

func (s *memory) put(id int, x *[256]byte) { s.m[id] = x }

var theStore store = &memory{m: map[int]*[256]byte{}}

func Step(i int) { theStore.put(i, new([256]byte)) }
