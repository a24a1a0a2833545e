// Every use gives its reference back at its end.
package reference_given_back

import (
	"errors"
	"sync"
)

type ent struct {
	refs int
	buf  [64]byte
}

var mu sync.Mutex
var ents = map[int]*ent{}

func acquire(k int) *ent {
	mu.Lock()
	defer mu.Unlock()
	e := ents[k]
	if e == nil {
		e = &ent{}
		ents[k] = e
	}
	e.refs++
	return e
}
func release(k int) {
	mu.Lock()
	defer mu.Unlock()
	e := ents[k]
	e.refs--
	if e.refs == 0 {
		delete(ents, k)
	}
}
func use(k int) error {
	acquire(k)
	defer release(k)
	if k%2 == 0 {
		return errors.New("x")
	}
	return nil
}
func Step(i int) { _ = use(i) }
