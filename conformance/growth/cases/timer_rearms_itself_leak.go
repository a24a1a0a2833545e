// A closed pool is swept for ever: its timer arms itself again.
package timer_rearms_itself

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
	p.idle = nil
	p.mu.Unlock()
	p.timer = time.AfterFunc(time.Hour, p.sweep)
}

func (p *pool) Close() {
	p.mu.Lock()
	p.idle = nil
	p.mu.Unlock()
}

func Step(i int) {
	p := newPool()
	p.Close()
}
