package b10

// goroutine started once, stopped by closing; sync.Once start + method value
import (
	"sync"
	"sync/atomic"
)

type Flusher struct {
	start sync.Once
	stop  sync.Once
	began atomic.Bool
	wake  chan struct{}
	quit  chan struct{}
	done  chan struct{}
	dirty atomic.Int64
	flush func(int64)
}

func New(flush func(int64)) *Flusher {
	return &Flusher{wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}), flush: flush}
}

func (f *Flusher) run() {
	defer close(f.done)
	for {
		select {
		case <-f.wake:
			f.flush(f.dirty.Swap(0))
		case <-f.quit:
			if n := f.dirty.Swap(0); n > 0 {
				f.flush(n)
			}
			return
		}
	}
}

func (f *Flusher) begin() {
	f.began.Store(true)
	go f.run()
}

func (f *Flusher) Mark(n int64) {
	f.start.Do(f.begin)
	f.dirty.Add(n)
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

func (f *Flusher) Close() {
	f.start.Do(func() {})
	f.stop.Do(func() { close(f.quit) })
	if f.began.Load() {
		<-f.done
	}
}
