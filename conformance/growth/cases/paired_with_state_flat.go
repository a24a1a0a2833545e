// The second map says which of a few backends are up: what is taken out of it comes back.
package paired_with_state

import "sync"

type balancer struct {
	mu       sync.Mutex
	backends map[string]*[256]byte
	up       map[string]bool
}

var names = []string{"a", "b", "c"}

func (b *balancer) add(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.backends[name] = new([256]byte)
	b.up[name] = true
}

func (b *balancer) set(name string, up bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if up {
		b.up[name] = true
	} else {
		delete(b.up, name)
	}
}

var balancers = []*balancer{{backends: map[string]*[256]byte{}, up: map[string]bool{}}}

func Step(i int) {
	balancers[0].add(names[i%3])
	balancers[0].set(names[i%3], i%2 == 0)
}
