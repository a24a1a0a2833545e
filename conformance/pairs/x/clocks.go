package x

import (
	"context"
	"time"
)

//pair:x05 clock-stopped
type idle struct {
	timer *time.Timer
	again chan struct{}
	fired chan struct{}
}

func newIdle() *idle {
	i := &idle{time.NewTimer(time.Millisecond), make(chan struct{}), make(chan struct{}, 9)}
	go i.run()
	return i
}

func (i *idle) run() {
	for range 2 {
		select {
		case <-i.timer.C:
			i.fired <- struct{}{}
		case <-i.again:
			if !i.timer.Stop() {
				<-i.timer.C
			}
			i.timer.Reset(time.Millisecond)
		}
	}
}

func x05() {
	i := newIdle()
	<-i.fired
	i.again <- struct{}{}
}

//pair:x06 clock-stopped
type idleB struct {
	timer *time.Timer
	again chan struct{}
	fired chan struct{}
}

func newIdleB() *idleB {
	i := &idleB{time.NewTimer(time.Millisecond), make(chan struct{}), make(chan struct{}, 9)}
	go i.run()
	return i
}

func (i *idleB) run() {
	for range 2 {
		select {
		case <-i.timer.C:
			i.fired <- struct{}{}
		case <-i.again:
			if !i.timer.Stop() {
				select {
				case <-i.timer.C:
				default:
				}
			}
			i.timer.Reset(time.Millisecond)
		}
	}
}

func x06() {
	i := newIdleB()
	<-i.fired
	i.again <- struct{}{}
}

//pair:x07 clock-stopped
type pulse struct {
	ticker *time.Ticker
	beats  int
}

func (p *pulse) beat() {
	for {
		<-p.ticker.C
		p.beats++
	}
}

func watch() func() {
	p := &pulse{ticker: time.NewTicker(time.Millisecond)}
	go p.beat()
	return p.ticker.Stop
}

func x07() {
	stop := watch()
	time.Sleep(10 * time.Millisecond)
	stop()
}

//pair:x08 clock-stopped
type pulseB struct {
	ticker *time.Ticker
	done   chan struct{}
	beats  int
}

func (p *pulseB) beat() {
	for {
		select {
		case <-p.ticker.C:
			p.beats++
		case <-p.done:
			return
		}
	}
}

func watchB() func() {
	p := &pulseB{ticker: time.NewTicker(time.Millisecond), done: make(chan struct{})}
	go p.beat()
	return func() {
		p.ticker.Stop()
		close(p.done)
	}
}

func x08() {
	stop := watchB()
	time.Sleep(10 * time.Millisecond)
	stop()
}

//pair:x09 clock-stopped
func x09() {
	timer := time.NewTimer(time.Hour)
	go func() {
		<-timer.C
	}()
	time.Sleep(10 * time.Millisecond)
	timer.Stop()
}

//pair:x10 clock-stopped
func x10() {
	timer := time.NewTimer(time.Hour)
	go func() {
		<-timer.C
	}()
	time.Sleep(10 * time.Millisecond)
	timer.Reset(time.Nanosecond)
}

//pair:x17 clock-stopped
func every(ctx context.Context, d time.Duration) <-chan time.Time {
	t := time.NewTicker(d)
	go func() {
		<-ctx.Done()
		t.Stop()
	}()
	return t.C
}

func poll(ctx context.Context, f func()) {
	for range every(ctx, time.Millisecond) {
		f()
	}
}

func x17() {
	ctx, cancel := context.WithCancel(context.Background())
	go poll(ctx, func() {})
	time.Sleep(10 * time.Millisecond)
	cancel()
}

//pair:x18 clock-stopped
func everyB(ctx context.Context, d time.Duration) <-chan time.Time {
	t := time.NewTicker(d)
	go func() {
		<-ctx.Done()
		t.Stop()
	}()
	return t.C
}

func pollB(ctx context.Context, f func()) {
	ticks := everyB(ctx, time.Millisecond)
	for {
		select {
		case <-ticks:
			f()
		case <-ctx.Done():
			return
		}
	}
}

func x18() {
	ctx, cancel := context.WithCancel(context.Background())
	go pollB(ctx, func() {})
	time.Sleep(10 * time.Millisecond)
	cancel()
}

//pair:x19 made-with-options
type feed struct {
	n    int
	out  chan int
	quit chan struct{}
}

type feedOption func(*feed)

func withFirst(n int) feedOption { return func(f *feed) { f.n = n } }

func newFeed(options ...feedOption) *feed {
	f := &feed{out: make(chan int), quit: make(chan struct{})}
	for _, o := range options {
		o(f)
	}
	go f.run()
	return f
}

func (f *feed) run() {
	for {
		select {
		case f.out <- f.n:
			if shut() != nil {
				return
			}
		case <-f.quit:
			return
		}
	}
}

func (f *feed) Next() int { return <-f.out }

func (f *feed) Close() { f.quit <- struct{}{} }

func x19() {
	f := newFeed(withFirst(3))
	f.Next()
	go f.Close()
}

//pair:x20 made-with-options
type feedB struct {
	n    int
	out  chan int
	quit chan struct{}
}

type feedOptionB func(*feedB)

func withQuit(quit chan struct{}) feedOptionB { return func(f *feedB) { f.quit = quit } }

func newFeedB(options ...feedOptionB) *feedB {
	f := &feedB{out: make(chan int), quit: make(chan struct{})}
	for _, o := range options {
		o(f)
	}
	go f.run()
	return f
}

func (f *feedB) run() {
	for {
		select {
		case f.out <- f.n:
			if shut() != nil {
				return
			}
		case <-f.quit:
			return
		}
	}
}

func (f *feedB) Next() int { return <-f.out }

func (f *feedB) Close() { f.quit <- struct{}{} }

func x20() {
	quit := make(chan struct{}, 1)
	f := newFeedB(withQuit(quit))
	f.Next()
	f.Close()
}
