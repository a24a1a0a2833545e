package a23

// struct of channels tells the end; worker registered in pool
import "sync"

type worker struct {
	in   chan func()
	ends struct {
		stop chan struct{}
		dead chan struct{}
	}
}

func newWorker() *worker {
	w := &worker{in: make(chan func())}
	w.ends.stop = make(chan struct{})
	w.ends.dead = make(chan struct{})
	go w.run()
	return w
}

func (w *worker) run() {
	defer close(w.ends.dead)
	for {
		select {
		case f := <-w.in:
			f()
		case <-w.ends.stop:
			return
		}
	}
}

type Pool struct {
	mu sync.Mutex
	ws []*worker
	n  int
}

func NewPool(n int) *Pool {
	p := &Pool{}
	for range n {
		p.ws = append(p.ws, newWorker())
	}
	return p
}

func (p *Pool) Do(f func()) bool {
	p.mu.Lock()
	if len(p.ws) == 0 {
		p.mu.Unlock()
		return false
	}
	w := p.ws[p.n%len(p.ws)]
	p.n++
	p.mu.Unlock()
	select {
	case w.in <- f:
		return true
	case <-w.ends.dead:
		return false
	}
}

func (p *Pool) Close() {
	p.mu.Lock()
	ws := p.ws
	p.ws = nil
	p.mu.Unlock()
	for _, w := range ws {
		close(w.ends.stop)
	}
	for _, w := range ws {
		<-w.ends.dead
	}
}
