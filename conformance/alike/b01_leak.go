package b01leak

// lock flag checked on both sides (conditional locking)
import "sync"

type Table struct {
	mu     sync.Mutex
	shared bool
	rows   map[string]int
}

func New(shared bool) *Table { return &Table{shared: shared, rows: map[string]int{}} }

func (t *Table) Incr(k string) int {
	if t.shared {
		t.mu.Lock()
	}
	t.rows[k]++
	v := t.rows[k]
	if t.shared {
		t.mu.Unlock()
	}
	return v
}

func (t *Table) All(locked bool, f func(string, int) bool) {
	if !locked {
		t.mu.Lock()
	}
	for k, v := range t.rows {
		if !f(k, v) {
			return
		}
	}
	if !locked {
		t.mu.Unlock()
	}
}
