// Waiters are linked, and all are let go when they are woken.
package linked_let_go

type waiter struct {
	n    int
	next *waiter
}

type queue struct{ waiters *waiter }

var q = &queue{}

func (q *queue) add(i int) {
	w := &waiter{n: i}
	w.next = q.waiters
	q.waiters = w
}

func (q *queue) wake() {
	for w := q.waiters; w != nil; w = w.next {
		w.n = 0
	}
	q.waiters = nil
}

func Step(i int) {
	q.add(i)
	if i%100 == 0 {
		q.wake()
	}
}
