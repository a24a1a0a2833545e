// What was popped off a priority queue stays in its array until something is pushed over it: the queue
// was long once, and each round leaves another large element behind.
package heap_slot

import (
	"container/heap"
	"sync"
)

type item struct {
	prio int
	data [4096]byte
}

type queue []*item

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].prio < q[j].prio }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(*item)) }
func (q *queue) Pop() any {
	old := *q
	n := len(old)
	x := old[n-1]
	*q = old[:n-1]
	return x
}

type schedule struct {
	mu sync.Mutex
	q  queue
}

var theSchedule = &schedule{}

func (s *schedule) add(it *item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	heap.Push(&s.q, it)
}

func (s *schedule) next() *item {
	s.mu.Lock()
	defer s.mu.Unlock()
	return heap.Pop(&s.q).(*item)
}

// Step lets each burst be a little longer than the one before.
func Step(i int) {
	if i%100 != 0 {
		return
	}
	n := i / 20
	for j := range n {
		theSchedule.add(&item{prio: j})
	}
	for range n {
		theSchedule.next()
	}
}
