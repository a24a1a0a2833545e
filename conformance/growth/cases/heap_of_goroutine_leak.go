// A goroutine keeps what it is sent in a heap of its own: what was popped stays in the array.
package heap_of_goroutine

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
	s := *q
	n := len(s) - 1
	x := s[n]
	*q = s[:n]
	return x
}

var (
	once sync.Once
	in   = make(chan *item)
	out  = make(chan int)
	done = make(chan bool)
)

func serve() {
	var q queue
	for {
		select {
		case x := <-in:
			heap.Push(&q, x)
			out <- q.Len()
		case <-done:
			if q.Len() > 0 {
				heap.Pop(&q)
			}
			out <- q.Len()
		}
	}
}

func Step(i int) {
	once.Do(func() { go serve() })
	switch {
	case i >= 30000 && i < 30500:
		in <- &item{prio: i}
		<-out
	case i >= 31000 && i < 31500:
		done <- true
		<-out
	}
}
