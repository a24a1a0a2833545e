package h04

// countdown latch with channel closed at zero
import "sync"

type Latch struct {
	mu   sync.Mutex
	n    int
	zero chan struct{}
}

func New(n int) *Latch {
	l := &Latch{n: n, zero: make(chan struct{})}
	if n == 0 {
		close(l.zero)
	}
	return l
}

func (l *Latch) Down() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.n--; l.n == 0 {
		close(l.zero)
	}
}

func (l *Latch) Wait() { <-l.zero }

func All(fs []func()) {
	l := New(len(fs))
	for _, f := range fs {
		go func() {
			defer l.Down()
			f()
		}()
	}
	l.Wait()
}
