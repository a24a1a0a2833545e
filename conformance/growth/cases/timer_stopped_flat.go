// The timer of a pool arms itself again until the pool is closed.
package timer_stopped

import (
	"sync"
	"time"
)

type pool struct {
	mu    sync.Mutex
	idle  []byte
	timer *time.Timer
}

func newPool() *pool {
	p := &pool{idle: make([]byte, 64)}
	p.timer = time.AfterFunc(time.Hour, p.sweep)
	return p
}

func (p *pool) sweep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = nil
	p.timer = time.AfterFunc(time.Hour, p.sweep)
}

func (p *pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = nil
	p.timer.Stop()
}

func Step(i int) {
	p := newPool()
	p.Close()
}
