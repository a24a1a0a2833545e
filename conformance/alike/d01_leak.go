package d01leak

// LIFO order of defers: notify runs after the unlock
import "sync"

type Reg struct {
	mu   sync.Mutex
	m    map[string]int
	subs []func(int)
}

func New() *Reg { return &Reg{m: map[string]int{}} }

func (r *Reg) notify() {
	r.mu.Lock()
	n := len(r.m)
	subs := append([]func(int){}, r.subs...)
	r.mu.Unlock()
	for _, s := range subs {
		s(n)
	}
}

func (r *Reg) Put(k string, v int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.notify()
	r.m[k] = v
}

func (r *Reg) Drop(k string) (ok bool) {
	defer func() {
		if ok {
			r.notify()
		}
	}()
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok = r.m[k]
	delete(r.m, k)
	return ok
}
