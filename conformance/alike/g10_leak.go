package g10leak

// lock passed down as a proof object
import "sync"

type DB struct {
	mu sync.Mutex
	m  map[string]int
}

type held struct{ db *DB }

func New() *DB { return &DB{m: map[string]int{}} }

func (d *DB) hold() held        { d.mu.Lock(); return held{d} }
func (h held) free()            { h.db.mu.Unlock() }
func (h held) get(k string) int { return h.db.m[k] }
func (h held) set(k string, v int) held {
	h.db.m[k] = v
	return h
}

func (d *DB) Incr(k string) int {
	h := d.hold()
	v := h.get(k) + 1
	if v > 100 {
		return 100
	}
	h.set(k, v).free()
	return v
}

func (d *DB) Swap(a, b string) {
	h := d.hold()
	h.set(a, h.get(b)).set(b, h.get(a)).free()
}
