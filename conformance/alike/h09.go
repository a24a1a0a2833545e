package h09

// dijkstra-ish per-call state with heap and lock in goroutines
import (
	"container/heap"
	"sync"
)

type pq []int

func (p pq) Len() int           { return len(p) }
func (p pq) Less(i, j int) bool { return p[i] < p[j] }
func (p pq) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }
func (p *pq) Push(x any)        { *p = append(*p, x.(int)) }
func (p *pq) Pop() any {
	o := *p
	x := o[len(o)-1]
	*p = o[:len(o)-1]
	return x
}

type search struct {
	mu   sync.Mutex
	q    pq
	dist map[int]int
}

func (s *search) relax(n, d int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, ok := s.dist[n]; ok && old <= d {
		return
	}
	s.dist[n] = d
	heap.Push(&s.q, n)
}

func (s *search) next() (int, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.q.Len() == 0 {
		return 0, false
	}
	return heap.Pop(&s.q).(int), true
}

func Dist(from, to int, edges func(int) map[int]int) int {
	s := &search{dist: map[int]int{}}
	s.relax(from, 0)
	for n, ok := s.next(); ok; n, ok = s.next() {
		var wg sync.WaitGroup
		d := s.dist[n]
		for m, w := range edges(n) {
			wg.Go(func() { s.relax(m, d+w) })
		}
		wg.Wait()
	}
	return s.dist[to]
}
