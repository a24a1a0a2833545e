package h01

// object whose goroutines end by themselves: barrier/turnstile
import "sync"

type Turn struct {
	mu   sync.Mutex
	cond *sync.Cond
	next int
}

func NewTurn() *Turn {
	t := &Turn{}
	t.cond = sync.NewCond(&t.mu)
	return t
}

func (t *Turn) Wait(i int) {
	t.mu.Lock()
	for t.next != i {
		t.cond.Wait()
	}
	t.mu.Unlock()
}

func (t *Turn) Done() {
	t.mu.Lock()
	t.next++
	t.mu.Unlock()
	t.cond.Broadcast()
}

func InOrder(fs []func()) {
	t := NewTurn()
	var wg sync.WaitGroup
	for i, f := range fs {
		wg.Add(1)
		go func() {
			defer wg.Done()
			t.Wait(i)
			f()
			t.Done()
		}()
	}
	wg.Wait()
}
