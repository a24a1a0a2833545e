package g04

// waiter list closed under lock
import "sync"

type Latch struct {
	mu   sync.Mutex
	done bool
	ws   []chan struct{}
}

func (l *Latch) Wait() {
	l.mu.Lock()
	if l.done {
		l.mu.Unlock()
		return
	}
	c := make(chan struct{})
	l.ws = append(l.ws, c)
	l.mu.Unlock()
	<-c
}

func (l *Latch) Fire() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done = true
	for _, w := range l.ws {
		close(w)
	}
	l.ws = nil
}

func Both(f, g func()) {
	var l Latch
	var wg sync.WaitGroup
	wg.Go(func() { l.Wait(); f() })
	wg.Go(func() { l.Wait(); g() })
	l.Fire()
	wg.Wait()
}
