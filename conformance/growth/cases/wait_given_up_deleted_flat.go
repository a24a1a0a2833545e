// Whoever gives up waiting takes its entry out.
package wait_given_up_deleted

import "sync"

type asker struct {
	mu      sync.Mutex
	next    int
	waiting map[int]chan int
}

var theAsker = &asker{waiting: map[int]chan int{}}

var answers = make(chan int)

func init() { go theAsker.listen(answers) }

func (a *asker) listen(answers <-chan int) {
	for id := range answers {
		a.answered(id, id)
	}
}

func (a *asker) answered(id, n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if reply, ok := a.waiting[id]; ok {
		reply <- n
		delete(a.waiting, id)
	}
}

func (a *asker) ask(over <-chan struct{}) []int {
	reply := make(chan int, 1)
	a.mu.Lock()
	a.next++
	id := a.next
	a.waiting[id] = reply
	a.mu.Unlock()
	select {
	case n := <-reply:
		return []int{n}
	case <-over:
		a.mu.Lock()
		delete(a.waiting, id)
		a.mu.Unlock()
		return nil
	}
}

func Step(i int) {
	over := make(chan struct{})
	close(over)
	theAsker.ask(over)
}
