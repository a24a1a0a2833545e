package d02

// lock chain up to the root with defers in the loop
import "sync"

type Node struct {
	mu     sync.Mutex
	parent *Node
	size   int
}

func (n *Node) Child() *Node { return &Node{parent: n} }

func (n *Node) Grow(d int) {
	for p := n; p != nil; p = p.parent {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.size += d
	}
}

func (n *Node) Shrink(d int) bool {
	var held []*Node
	for p := n; p != nil; p = p.parent {
		p.mu.Lock()
		held = append(held, p)
		if p.size < d {
			for _, h := range held {
				h.mu.Unlock()
			}
			return false
		}
	}
	for _, h := range held {
		h.size -= d
		h.mu.Unlock()
	}
	return true
}
