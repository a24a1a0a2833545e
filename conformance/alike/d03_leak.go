package d03leak

// copy-on-write: a new object of the same type is locked while the old is
import "sync"

type Table struct {
	mu   sync.Mutex
	rows map[string]string
	prev *Table
}

func New() *Table { return &Table{rows: map[string]string{}} }

func (t *Table) Set(k, v string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows[k] = v
}

func (t *Table) Clone() *Table {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := New()
	for k, v := range t.rows {
		n.Set(k, v)
		t.Set(k, "")
	}
	n.prev = t
	return n
}

func (t *Table) Revert() {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.prev
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	t.rows, t.prev = p.rows, p.prev
	p.rows = map[string]string{}
}
