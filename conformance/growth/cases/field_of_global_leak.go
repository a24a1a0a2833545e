// A map in a struct behind a package-level pointer.
package field_of_global

type store struct{ byID map[int]*[64]byte }

var theStore = &store{byID: map[int]*[64]byte{}}

func (s *store) put(id int) { s.byID[id] = new([64]byte) }

func Step(i int) { theStore.put(i) }
