package g10

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
	defer h.free()
	v := h.get(k) + 1
	h.set(k, v)
	return v
}

func (d *DB) Swap(a, b string) {
	h := d.hold()
	h.set(a, h.get(b)).set(b, h.get(a)).free()
}
