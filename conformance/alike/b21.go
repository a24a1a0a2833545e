package b21

// RW upgrade: RUnlock, Lock, recheck; return with different unlock kinds
import "sync"

type Intern struct {
	mu sync.RWMutex
	m  map[string]int
}

func New() *Intern { return &Intern{m: map[string]int{}} }

func (i *Intern) ID(s string) int {
	i.mu.RLock()
	if id, ok := i.m[s]; ok {
		i.mu.RUnlock()
		return id
	}
	i.mu.RUnlock()
	i.mu.Lock()
	defer i.mu.Unlock()
	if id, ok := i.m[s]; ok {
		return id
	}
	if len(i.m) >= 1<<16 {
		clear(i.m)
	}
	id := len(i.m) + 1
	i.m[s] = id
	return id
}
