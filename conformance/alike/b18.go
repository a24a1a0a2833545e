package b18

// dispatcher passes work over a channel of channels
import "sync"

type Dispatcher struct {
	ready chan chan func()
	quit  chan struct{}
	wg    sync.WaitGroup
}

func New(n int) *Dispatcher {
	d := &Dispatcher{ready: make(chan chan func(), n), quit: make(chan struct{})}
	for range n {
		d.wg.Go(d.worker)
	}
	return d
}

func (d *Dispatcher) worker() {
	in := make(chan func())
	for {
		d.ready <- in
		select {
		case f := <-in:
			f()
		case <-d.quit:
			return
		}
	}
}

func (d *Dispatcher) Do(f func()) bool {
	select {
	case in := <-d.ready:
		select {
		case in <- f:
			return true
		case <-d.quit:
			return false
		}
	case <-d.quit:
		return false
	}
}

func (d *Dispatcher) Close() {
	close(d.quit)
	d.wg.Wait()
}
