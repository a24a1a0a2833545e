// The store is used through an interface.
package interface_store

type store interface {
	put(id int, x *[256]byte)
	drop(id int)
}

type memory struct{ m map[int]*[256]byte }

func (s *memory) put(id int, x *[256]byte) { s.m[id] = x }

func (s *memory) drop(id int) { delete(s.m, id) }

var theStore store = &memory{m: map[int]*[256]byte{}}

func Step(i int) {
	theStore.put(i, new([256]byte))
	if i >= 100 {
		theStore.drop(i - 100)
	}
}
