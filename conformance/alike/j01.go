package j01

// i09 as a loop in a helper
import "sync"

type N struct {
	mu   sync.Mutex
	next *N
	k, v int
}

// seek expects n locked; returns a locked node, or nil with nothing locked.
func seek(n *N, k int) *N {
	for n.k != k {
		nx := n.next
		if nx != nil {
			nx.mu.Lock()
		}
		n.mu.Unlock()
		if nx == nil {
			return nil
		}
		n = nx
	}
	return n
}

type L struct{ head N }

func (l *L) Set(k, v int) bool {
	l.head.mu.Lock()
	n := seek(&l.head, k)
	if n == nil {
		return false
	}
	defer n.mu.Unlock()
	n.v = v
	return true
}

func (l *L) Get(k int) (int, bool) {
	l.head.mu.Lock()
	if n := seek(&l.head, k); n != nil {
		defer n.mu.Unlock()
		return n.v, true
	}
	return 0, false
}
