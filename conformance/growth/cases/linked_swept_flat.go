// Old entries are cut off behind a newer one.
package linked_swept

type entry struct {
	n    int
	next *entry
}

var newest *entry

func add(i int) { newest = &entry{n: i, next: newest} }

func sweep(before int) {
	for e := newest; e != nil; e = e.next {
		if e.n < before {
			e.next = nil
			return
		}
	}
}

func Step(i int) {
	add(i)
	sweep(i - 100)
}
