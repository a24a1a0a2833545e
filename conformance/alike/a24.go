package a24

// ticker with select; Close via sync.Once
import (
	"sync"
	"time"
)

type Janitor struct {
	once sync.Once
	quit chan struct{}
	wg   sync.WaitGroup
}

type Option func(*cfg)
type cfg struct {
	every time.Duration
	sweep func()
}

func Every(d time.Duration) Option { return func(c *cfg) { c.every = d } }

func Start(sweep func(), opts ...Option) *Janitor {
	c := cfg{every: time.Minute, sweep: sweep}
	for _, o := range opts {
		o(&c)
	}
	j := &Janitor{quit: make(chan struct{})}
	if c.every <= 0 {
		return j
	}
	tk := time.NewTicker(c.every)
	j.wg.Go(func() {
		defer tk.Stop()
		for {
			select {
			case <-tk.C:
				c.sweep()
			case <-j.quit:
				return
			}
		}
	})
	return j
}

func (j *Janitor) Close() {
	j.once.Do(func() { close(j.quit) })
	j.wg.Wait()
}
