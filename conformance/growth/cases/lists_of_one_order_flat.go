// Each order has lists of its own, which it fills once; the set beside them is emptied step by step.
package lists_of_one_order

import "sync"

type order struct {
	mu   sync.Mutex
	open map[int]chan bool
	wait map[int][]chan bool
}

func newOrder(names []int) *order {
	o := &order{open: map[int]chan bool{}, wait: map[int][]chan bool{}}
	var all []chan bool
	for _, name := range names {
		ch := make(chan bool)
		o.open[name] = ch
		all = append(all, ch)
		o.wait[name] = append(o.wait[name], all...)
	}
	return o
}

func (o *order) done(name int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if ch, ok := o.open[name]; ok {
		close(ch)
		delete(o.open, name)
	}
}

func Step(i int) {
	o := newOrder([]int{i, i + 1})
	o.done(i)
}
