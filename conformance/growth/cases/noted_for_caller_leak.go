// Two helpers note the same key in two maps, and their caller forgets it in one of them.
package noted_for_caller

import "sync"

type planner struct {
	mu      sync.Mutex
	advice  map[int]int
	changes map[int]int
}

var thePlanner = &planner{advice: map[int]int{}, changes: map[int]int{}}

func (p *planner) advise(key, n int) { p.advice[key] = n }

func (p *planner) note(key, n int) { p.changes[key] = n }

func (p *planner) see(key int, there bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !there {
		delete(p.advice, key)
		return
	}
	p.advise(key, key)
	p.note(key, key)
}

func Step(i int) {
	thePlanner.see(i, true)
	thePlanner.see(i, false)
}
