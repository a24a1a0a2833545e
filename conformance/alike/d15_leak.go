package d15leak

// unlock then relock in a helper that is given the mutex
import "sync"

func unlocked(l sync.Locker, f func()) {
	l.Unlock()
	defer l.Lock()
	f()
}

type Q struct {
	mu   sync.Mutex
	list []func()
	busy bool
}

func (q *Q) Add(f func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = append(q.list, f)
	if q.busy {
		return
	}
	q.busy = true
	for len(q.list) > 0 {
		g := q.list[0]
		q.list[0] = nil
		q.list = q.list[1:]
		g()
	}
	q.list = nil
	q.busy = false
}

func (q *Q) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.list)
}

func (q *Q) AddReport(out func(int)) {
	q.Add(func() { out(q.Len()) })
}
