package f

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"pairs/client"
)

//pair:f15 flag-without-signal
type inbox struct {
	mu     sync.Mutex
	wake   *sync.Cond
	items  []string
	closed bool
}

func newInbox() *inbox {
	b := &inbox{}
	b.wake = sync.NewCond(&b.mu)
	go b.run()
	return b
}

func (b *inbox) run() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for !b.closed {
		if len(b.items) == 0 {
			b.wake.Wait()
			continue
		}
		b.items = b.items[1:]
	}
}

func (b *inbox) Put(item string) {
	b.mu.Lock()
	b.items = append(b.items, item)
	b.mu.Unlock()
	b.wake.Signal()
}

func (b *inbox) Close() error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	return nil
}

func f15() { client.Close(newInbox()) }

//pair:f16 flag-without-signal
type outbox struct {
	sync.Mutex
	wake   *sync.Cond
	items  []string
	closed bool
}

func newOutbox() *outbox {
	b := &outbox{}
	b.wake = sync.NewCond(b)
	go b.run()
	return b
}

func (b *outbox) run() {
	b.Lock()
	defer b.Unlock()
	for {
		if b.closed {
			return
		}
		if len(b.items) == 0 {
			b.wake.Wait()
			continue
		}
		b.items = b.items[1:]
	}
}

func (b *outbox) Close() error {
	b.Lock()
	b.closed = true
	b.Unlock()
	b.wake.Broadcast()
	return nil
}

func f16() { client.Close(newOutbox()) }

//pair:f17 channel-nobody-makes
type ender struct {
	quit chan struct{}
	in   chan int
}

func newEnder() *ender {
	e := &ender{in: make(chan int)}
	go e.run()
	return e
}

func (e *ender) run() {
	for range e.in {
		select {
		case <-e.quit:
			return
		default:
		}
	}
}

func (e *ender) Close() error {
	e.quit <- struct{}{}
	close(e.in)
	return nil
}

func f17() { go client.Close(newEnder()) }

//pair:f18 channel-nobody-makes
type enderB struct {
	quit chan struct{}
	in   chan int
}

func newEnderB() *enderB {
	e := &enderB{in: make(chan int)}
	e.quit = make(chan struct{}, 1)
	go e.run()
	return e
}

func (e *enderB) run() {
	for range e.in {
		select {
		case <-e.quit:
			return
		default:
		}
	}
}

func (e *enderB) Close() error {
	e.quit <- struct{}{}
	close(e.in)
	return nil
}

func f18() { client.Close(newEnderB()) }

//pair:f19 waiter-leaves
type loads struct {
	mu      sync.Mutex
	waiting map[string][]chan struct{}
}

func (l *loads) get(ctx context.Context, key string, load func()) error {
	l.mu.Lock()
	if list, ok := l.waiting[key]; ok {
		ch := make(chan struct{})
		l.waiting[key] = append(list, ch)
		l.mu.Unlock()
		select {
		case <-ch:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	l.waiting[key] = nil
	l.mu.Unlock()
	load()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, ch := range l.waiting[key] {
		ch <- struct{}{}
	}
	delete(l.waiting, key)
	return nil
}

func f19() {
	l := &loads{waiting: map[string][]chan struct{}{}}
	loading, loaded := make(chan struct{}), make(chan struct{})
	go func() {
		_ = l.get(context.Background(), "a", func() { close(loading); <-loaded })
	}()
	<-loading
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	_ = l.get(ctx, "a", nil)
	close(loaded)
}

//pair:f20 waiter-leaves
type loadsB struct {
	mu      sync.Mutex
	waiting map[string][]chan struct{}
}

func (l *loadsB) get(ctx context.Context, key string, load func()) error {
	l.mu.Lock()
	if list, ok := l.waiting[key]; ok {
		ch := make(chan struct{}, 1)
		l.waiting[key] = append(list, ch)
		l.mu.Unlock()
		select {
		case <-ch:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	l.waiting[key] = nil
	l.mu.Unlock()
	load()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, ch := range l.waiting[key] {
		ch <- struct{}{}
	}
	delete(l.waiting, key)
	return nil
}

func f20() {
	l := &loadsB{waiting: map[string][]chan struct{}{}}
	loading, loaded := make(chan struct{}), make(chan struct{})
	go func() {
		_ = l.get(context.Background(), "a", func() { close(loading); <-loaded })
	}()
	<-loading
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	_ = l.get(ctx, "a", nil)
	close(loaded)
}

//pair:f21 compare-and-swap
type switchA struct {
	closing uint32
	quit    chan struct{}
}

func (s *switchA) first() bool { return atomic.CompareAndSwapUint32(&s.closing, 1, 0) }

func (s *switchA) end() {
	if s.first() {
		close(s.quit)
	}
	<-s.quit
}

func f21() {
	s := &switchA{quit: make(chan struct{})}
	go s.end()
	go s.end()
}

//pair:f22 compare-and-swap
type switchB struct {
	closing uint32
	quit    chan struct{}
}

func (s *switchB) first() bool { return atomic.CompareAndSwapUint32(&s.closing, 0, 1) }

func (s *switchB) end() {
	if s.first() {
		close(s.quit)
	}
	<-s.quit
}

func f22() {
	s := &switchB{quit: make(chan struct{})}
	go s.end()
	go s.end()
}

//pair:f23 array
func bothA() [2]chan int {
	a, b := make(chan int), make(chan int)
	go func() { a <- 1 }()
	go func() { b <- 1 }()
	return [2]chan int{a}
}

func f23() {
	both := bothA()
	<-both[0]
}

//pair:f24 array
func bothB() [2]chan int {
	a, b := make(chan int), make(chan int)
	go func() { a <- 1 }()
	go func() { b <- 1 }()
	return [2]chan int{a, b}
}

func f24() {
	both := bothB()
	<-both[0]
	<-both[1]
}
