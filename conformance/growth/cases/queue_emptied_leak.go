// A queue of large pages is emptied from its front: until as much is put in again, its array keeps all.
package queue_emptied

import "sync"

type page [4096]byte

type queue struct {
	mu    sync.Mutex
	items []*page
}

var theQueue queue

func (q *queue) push(x *page) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.items = append(q.items, x)
}

func (q *queue) next() *page {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) == 0 {
		return nil
	}
	x := q.items[0]
	q.items = q.items[1:]
	return x
}

func drain(wake chan bool) {
	for range wake {
		theQueue.next()
	}
}

func Step(i int) {
	switch {
	case i >= 30000 && i < 30500:
		theQueue.push(new(page))
	case i >= 31000 && i < 31500:
		wake := make(chan bool, 1)
		wake <- true
		close(wake)
		drain(wake)
	}
}
