package a02

// parent before child locks; unlock parent once child is held (hand over hand)
import "sync"

type Node struct {
	mu       sync.Mutex
	children map[string]*Node
	value    int
}

func (n *Node) Lookup(path []string) (int, bool) {
	cur := n
	cur.mu.Lock()
	for _, p := range path {
		next, ok := cur.children[p]
		if !ok {
			cur.mu.Unlock()
			return 0, false
		}
		next.mu.Lock()
		cur.mu.Unlock()
		cur = next
	}
	v := cur.value
	cur.mu.Unlock()
	return v, true
}

func (n *Node) Add(name string, v int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.children == nil {
		n.children = map[string]*Node{}
	}
	if c, ok := n.children[name]; ok {
		c.mu.Lock()
		c.value = v
		c.mu.Unlock()
		return
	}
	n.children[name] = &Node{value: v}
}
