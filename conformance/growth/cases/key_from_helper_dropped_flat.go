// A helper counts the key and returns it; whoever asked gives it back on every way.
package key_from_helper_dropped

import (
	"errors"
	"sync"
)

type table struct {
	mu   sync.Mutex
	next int
	open map[int]*[64]byte
}

var theTable = &table{open: map[int]*[64]byte{}}

var errOdd = errors.New("odd")

func check(i int) error {
	if i%2 == 1 {
		return errOdd
	}
	return nil
}

func (t *table) add() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next++
	t.open[t.next] = new([64]byte)
	return t.next
}

func (t *table) drop(id int) {
	t.mu.Lock()
	delete(t.open, id)
	t.mu.Unlock()
}

func (t *table) use(i int) error {
	id := t.add()
	defer t.drop(id)
	if err := check(i); err != nil {
		return err
	}
	return nil
}

func Step(i int) { _ = theTable.use(i) }
