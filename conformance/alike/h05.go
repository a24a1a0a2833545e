package h05

// pause/resume gate inside a worker
import "sync"

type Worker struct {
	mu     sync.Mutex
	resume chan struct{}
	quit   chan struct{}
	done   chan struct{}
}

func New(step func() bool) *Worker {
	w := &Worker{quit: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(w.done)
		for {
			w.mu.Lock()
			r := w.resume
			w.mu.Unlock()
			if r != nil {
				select {
				case <-r:
				case <-w.quit:
					return
				}
			}
			select {
			case <-w.quit:
				return
			default:
			}
			if !step() {
				return
			}
		}
	}()
	return w
}

func (w *Worker) Pause() {
	w.mu.Lock()
	if w.resume == nil {
		w.resume = make(chan struct{})
	}
	w.mu.Unlock()
}

func (w *Worker) Resume() {
	w.mu.Lock()
	if w.resume != nil {
		close(w.resume)
		w.resume = nil
	}
	w.mu.Unlock()
}

func (w *Worker) Stop() {
	close(w.quit)
	<-w.done
}

func Once(step func() bool) {
	w := New(step)
	w.Pause()
	w.Resume()
	w.Stop()
}
