// Each version keeps the one before it.
package linked_versions

type version struct {
	n      int
	before *version
}

type document struct{ now *version }

var doc = &document{now: &version{}}

func (d *document) update(n int) { d.now = &version{n: n, before: d.now} }

func Step(i int) { doc.update(i) }
