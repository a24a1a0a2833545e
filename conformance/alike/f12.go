package f12

// the lock's own wrapper with owner
import "sync"

type rmutex struct {
	mu    sync.Mutex
	cond  *sync.Cond
	owner uint64
	depth int
}

func newR() *rmutex {
	r := &rmutex{}
	r.cond = sync.NewCond(&r.mu)
	return r
}

func (r *rmutex) lock(id uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.depth > 0 && r.owner != id {
		r.cond.Wait()
	}
	r.owner = id
	r.depth++
}

func (r *rmutex) unlock() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.depth--; r.depth == 0 {
		r.cond.Signal()
	}
}

type Acc struct {
	l *rmutex
	n int
}

func New() *Acc { return &Acc{l: newR()} }

func (a *Acc) Add(id uint64, n int) {
	a.l.lock(id)
	defer a.l.unlock()
	a.n += n
}

func (a *Acc) Twice(id uint64, n int) {
	a.l.lock(id)
	defer a.l.unlock()
	a.Add(id, n)
	a.Add(id, n)
}
