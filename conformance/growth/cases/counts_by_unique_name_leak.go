// An index in a store in a server counts under another name each time.
package counts_by_unique_name

import (
	"strconv"
)

type index struct{ byName map[string]int }
type store struct{ idx *index }
type server struct{ st store }

var srv = &server{st: store{idx: &index{byName: map[string]int{}}}}

func (s *server) handle(name string) { s.st.idx.byName[name]++ }
func Step(i int)                     { srv.handle(strconv.Itoa(i)) }
