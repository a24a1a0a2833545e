// A heap in a field of a scheduler from which nothing is popped: it is only looked at.
package heap_looked_at

import "container/heap"

type task struct{ at int }
type tasks []*task

func (d tasks) Len() int           { return len(d) }
func (d tasks) Less(i, j int) bool { return d[i].at < d[j].at }
func (d tasks) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }
func (d *tasks) Push(x any)        { *d = append(*d, x.(*task)) }
func (d *tasks) Pop() any {
	old := *d
	x := old[len(old)-1]
	old[len(old)-1] = nil
	*d = old[:len(old)-1]
	return x
}

type scheduler struct{ q tasks }

var sched = &scheduler{}

func (s *scheduler) add(i int) { heap.Push(&s.q, &task{i}) }
func (s *scheduler) next() *task {
	if s.q.Len() == 0 {
		return nil
	}
	return s.q[0]
}

func Step(i int) {
	sched.add(i)
	sched.next()
}
