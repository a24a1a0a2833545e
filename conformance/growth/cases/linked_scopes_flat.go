// A scope is entered and left again; leaving puts the outer one back.
package linked_scopes

type scope struct {
	names map[string]int
	outer *scope
}

type checker struct{ scope *scope }

var c checker

func (c *checker) in(f func()) {
	old := c.scope
	c.scope = &scope{outer: old}
	defer func() { c.scope = old }()
	f()
}

func Step(i int) { c.in(func() {}) }
