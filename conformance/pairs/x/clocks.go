package x

import "time"

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
