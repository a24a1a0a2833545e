// A watch is stopped: its node is emptied, and stays in its parent.
package tree_nodes_emptied

import (
	"strconv"
	"sync"
)

type node struct {
	child map[string]*node
	watch map[int]bool
}

type tree struct {
	mu   sync.Mutex
	root *node
}

var theTree = &tree{root: &node{child: map[string]*node{}}}

func (t *tree) Watch(name string, c int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.root
	m := n.child[name]
	if m == nil {
		m = &node{child: map[string]*node{}, watch: map[int]bool{}}
		n.child[name] = m
	}
	m.watch[c] = true
}

func (t *tree) Stop(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.root.child[name]
	if n == nil {
		return
	}
	n.child = nil
	n.watch = nil
}

func Step(i int) {
	name := strconv.Itoa(i)
	theTree.Watch(name, i)
	theTree.Stop(name)
}
