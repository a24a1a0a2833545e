package b17

// debounce timer via AfterFunc
import (
	"sync"
	"time"
)

type Debouncer struct {
	mu    sync.Mutex
	t     *time.Timer
	gen   int
	fn    func()
	delay time.Duration
}

func New(d time.Duration, fn func()) *Debouncer { return &Debouncer{fn: fn, delay: d} }

func (d *Debouncer) Kick() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.t != nil {
		d.t.Stop()
	}
	d.gen++
	gen := d.gen
	d.t = time.AfterFunc(d.delay, func() {
		d.mu.Lock()
		if gen != d.gen {
			d.mu.Unlock()
			return
		}
		d.t = nil
		d.mu.Unlock()
		d.fn()
	})
}

func (d *Debouncer) Stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gen++
	if d.t != nil {
		d.t.Stop()
		d.t = nil
	}
}
