// Two maps are filled together and emptied in two functions.
package paired_both_deleted

import "sync"

type table struct {
	mu     sync.Mutex
	byID   map[int]*[256]byte
	byName map[int]*[256]byte
}

func (t *table) add(id int) {
	v := new([256]byte)
	t.mu.Lock()
	t.byID[id] = v
	t.byName[id] = v
	t.mu.Unlock()
}

func (t *table) remove(id int) {
	t.mu.Lock()
	delete(t.byID, id)
	t.mu.Unlock()
	t.forget(id)
}

func (t *table) forget(id int) {
	t.mu.Lock()
	delete(t.byName, id)
	t.mu.Unlock()
}

var tables = []*table{{byID: map[int]*[256]byte{}, byName: map[int]*[256]byte{}}}

func Step(i int) {
	tables[0].add(i)
	tables[0].remove(i)
}
