package m

import (
	"errors"
	"sync"

	"pairs/client"
)

var errStale = errors.New("stale")

//pair:m46 room-for-a-few
func m46() { _ = bakeUntil([]int{1, 2, 3, 4, 5, 6}, 1) }

// bakeUntil hands loaves to a shop that may close early.
func bakeUntil(loaves []int, stale int) error {
	shelf := make(chan int, 2)
	go func() {
		defer close(shelf)
		for _, loaf := range loaves {
			shelf <- loaf
		}
	}()
	for loaf := range shelf {
		if loaf == stale {
			return errStale
		}
	}
	return nil
}

//pair:m47 room-for-a-few
func m47() { _ = bakeAll([]int{1, 2, 3, 4, 5, 6}, 1) }

// bakeAll has room for all loaves.
func bakeAll(loaves []int, stale int) error {
	shelf := make(chan int, len(loaves))
	go func() {
		defer close(shelf)
		for _, loaf := range loaves {
			shelf <- loaf
		}
	}()
	for loaf := range shelf {
		if loaf == stale {
			return errStale
		}
	}
	return nil
}

// Loom is worked by a goroutine that its group has started.
type Loom struct {
	off  chan struct{}
	work sync.WaitGroup
}

//pair:m48 group-starts
func m48() { go client.Close(NewLoom(func() {})) }

// NewLoom starts the loom.
func NewLoom(cut func()) *Loom {
	l := &Loom{off: make(chan struct{})}
	l.work.Go(func() {
		<-l.off
		cut()
	})
	return l
}

// Close waits before it says that the work is over.
func (l *Loom) Close() error {
	l.work.Wait()
	close(l.off)
	return nil
}

// Loom2 is a loom that is told first.
type Loom2 struct {
	off  chan struct{}
	work sync.WaitGroup
}

//pair:m49 group-starts
func m49() { client.Close(NewLoom2(func() {})) }

// NewLoom2 starts the loom.
func NewLoom2(cut func()) *Loom2 {
	l := &Loom2{off: make(chan struct{})}
	l.work.Go(func() {
		<-l.off
		cut()
	})
	return l
}

// Close says that the work is over, and waits.
func (l *Loom2) Close() error {
	close(l.off)
	l.work.Wait()
	return nil
}
