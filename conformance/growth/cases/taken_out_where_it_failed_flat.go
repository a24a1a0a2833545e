// The entry is taken out where the insertion into an index fails; the error is looked at again later.
package taken_out_where_it_failed

import "errors"

type sub struct{ id int }

var (
	subs    = map[int]*sub{}
	indexed = true
	verbose bool
)

func index(s *sub) error {
	if s.id%2 == 0 {
		return errors.New("malformed")
	}
	return nil
}

func subscribe(id int) (*sub, error) {
	var err error
	s := &sub{id}
	old := subs[id]
	if old == nil {
		subs[id] = s
		if indexed {
			err = index(s)
			if err != nil {
				delete(subs, id)
			}
		}
	}
	if err != nil {
		return nil, errors.New("malformed subject")
	} else if verbose {
		println(id)
	}
	return s, nil
}

func Step(i int) {
	if s, err := subscribe(i); err == nil {
		delete(subs, s.id)
	}
}
