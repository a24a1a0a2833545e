package e10leak

// lock order: reverse direction with TryLock and backoff; release in between
import (
	"runtime"
	"sync"
)

type Parent struct {
	mu   sync.Mutex
	kids []*Kid
}

type Kid struct {
	mu     sync.Mutex
	parent *Parent
	n      int
}

func (p *Parent) Sum() (t int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, k := range p.kids {
		k.mu.Lock()
		t += k.n
		k.mu.Unlock()
	}
	return
}

func (p *Parent) Add(k *Kid) {
	p.mu.Lock()
	p.kids = append(p.kids, k)
	p.mu.Unlock()
}

func NewKid(p *Parent) *Kid {
	k := &Kid{parent: p}
	p.Add(k)
	return k
}

func (k *Kid) Leave() {
	for {
		k.mu.Lock()
		if k.parent.mu.TryLock() {
			break
		}
		k.mu.Unlock()
		runtime.Gosched()
	}
	k.parent.remove(k)
	k.parent.mu.Unlock()
	k.mu.Unlock()
}

func (p *Parent) remove(k *Kid) {
	for i, x := range p.kids {
		if x == k {
			p.kids[i] = p.kids[len(p.kids)-1]
			p.kids[len(p.kids)-1] = nil
			p.kids = p.kids[:len(p.kids)-1]
			return
		}
	}
}

func (k *Kid) Incr() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.n++
	p := k.parent
	return p.Sum()
}
