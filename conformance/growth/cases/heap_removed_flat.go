// A heap from which each element is removed by its index.
package heap_removed

import "container/heap"

type task struct{ at, index int }
type tasks []*task

func (d tasks) Len() int           { return len(d) }
func (d tasks) Less(i, j int) bool { return d[i].at < d[j].at }
func (d tasks) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].index, d[j].index = i, j
}
func (d *tasks) Push(x any) {
	t := x.(*task)
	t.index = len(*d)
	*d = append(*d, t)
}
func (d *tasks) Pop() any {
	old := *d
	x := old[len(old)-1]
	old[len(old)-1] = nil
	*d = old[:len(old)-1]
	return x
}

type scheduler struct{ q tasks }

var sched = &scheduler{}

func Step(i int) {
	t := &task{at: i}
	heap.Push(&sched.q, t)
	heap.Remove(&sched.q, t.index)
}
