package k07

// recursion with a held lock: reduced i09
import "sync"

type N struct {
	mu   sync.Mutex
	next *N
	k    int
}

func rel(n *N, k int) bool {
	if n.k == k || n.next == nil {
		n.mu.Unlock()
		return n.k == k
	}
	n.next.mu.Lock()
	n.mu.Unlock()
	return rel(n.next, k)
}

func (n *N) Has(k int) bool {
	n.mu.Lock()
	return rel(n, k)
}

func New(ks ...int) *N {
	h := &N{}
	for _, k := range ks {
		h = &N{k: k, next: h}
	}
	return h
}
