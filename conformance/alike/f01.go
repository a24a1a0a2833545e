package f01

// per-call object with lock and two containers, goes away with the call
import "sync"

type graph struct {
	mu    sync.Mutex
	queue []int
	done  map[int]bool
}

func (g *graph) pop() (int, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.queue) == 0 {
		return 0, false
	}
	n := g.queue[0]
	g.queue = g.queue[1:]
	return n, true
}

func (g *graph) push(ns ...int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, n := range ns {
		if g.done[n] {
			continue
		}
		g.done[n] = true
		g.queue = append(g.queue, n)
	}
}

func Reach(from int, next func(int) []int) int {
	g := &graph{done: map[int]bool{}}
	g.push(from)
	for {
		n, ok := g.pop()
		if !ok {
			return len(g.done)
		}
		g.push(next(n)...)
	}
}
