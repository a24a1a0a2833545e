package i09leak

// lock-guarded tree walk where children locked before the parent is released, recursion with held lock handed down
import "sync"

type N struct {
	mu   sync.Mutex
	l, r *N
	k, v int
}

// find expects n locked and returns a locked node or nil.
func find(n *N, k int) *N {
	if n.k == k {
		return n
	}
	next := n.l
	if k > n.k {
		next = n.r
	}
	if next == nil {
		n.mu.Unlock()
		return nil
	}
	next.mu.Lock()
	n.mu.Unlock()
	return find(next, k)
}

type Tree struct{ root *N }

func New(k int) *Tree { return &Tree{root: &N{k: k}} }

func (t *Tree) Set(k, v int) bool {
	t.root.mu.Lock()
	n := find(t.root, k)
	if n == nil {
		return false
	}
	if n.v == v {
		return false
	}
	n.v = v
	n.mu.Unlock()
	return true
}
