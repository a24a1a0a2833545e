// A doubly linked list with a sentinel: the oldest is taken out for each that is put in.
package linked_lru

type entry struct {
	key        int
	prev, next *entry
}

type cache struct {
	root entry
	n    int
}

var lru = newCache()

func newCache() *cache {
	c := &cache{}
	c.root.prev, c.root.next = &c.root, &c.root
	return c
}

func (c *cache) insert(e, at *entry) {
	n := at.next
	at.next = e
	e.prev = at
	e.next = n
	n.prev = e
	c.n++
}

func (c *cache) remove(e *entry) {
	e.prev.next = e.next
	e.next.prev = e.prev
	c.n--
}

func Step(i int) {
	lru.insert(&entry{key: i}, &lru.root)
	if lru.n > 100 {
		lru.remove(lru.root.prev)
	}
}
