package e

import (
	"errors"
	"sync"
	"time"
)

var errEnough = errors.New("enough")

// feed sends to its subscribers with its lock held.
type feed struct {
	mu   sync.Mutex
	subs map[int]chan int
	next int
	done chan struct{}
}

func newFeed() *feed {
	return &feed{subs: map[int]chan int{}, done: make(chan struct{})}
}

func (f *feed) add() (chan int, int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	values := make(chan int)
	f.next++
	f.subs[f.next] = values
	return values, f.next
}

func (f *feed) remove(id int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.subs, id)
}

//pair:e53 lock-held-waiting
func (f *feed) publish(v int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, values := range f.subs {
		values <- v
	}
}

func (f *feed) follow(handle func(int) error) error {
	values, id := f.add()
	for {
		select {
		case v := <-values:
			if err := handle(v); err != nil {
				f.remove(id)
				return err
			}
		case <-f.done:
			return nil
		}
	}
}

func e53() {
	f := newFeed()
	defer close(f.done)
	go f.follow(func(int) error {
		time.Sleep(2 * moment)
		return errEnough
	})
	time.Sleep(moment)
	f.publish(1)
	f.publish(2)
}

// board sends to copies of its channels, without the lock.
type board struct {
	mu   sync.Mutex
	subs map[int]chan string
	next int
}

func (b *board) add() (chan string, int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	values := make(chan string, 4)
	b.next++
	b.subs[b.next] = values
	return values, b.next
}

func (b *board) remove(id int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.subs, id)
}

//pair:e54 lock-held-waiting
func (b *board) publish(s string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, values := range b.subs {
		select {
		case values <- s:
		default: // whoever is slow misses it
		}
	}
}

func (b *board) follow(handle func(string) error) error {
	values, id := b.add()
	for s := range values {
		if err := handle(s); err != nil {
			b.remove(id)
			return err
		}
	}
	return nil
}

func e54() {
	b := &board{subs: map[int]chan string{}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.follow(func(string) error { return errEnough })
	}()
	for {
		select {
		case <-done:
			return
		case <-time.After(moment):
			b.publish("a")
		}
	}
}
