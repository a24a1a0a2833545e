package b03

// semaphore by buffered channel, slot handed to goroutine
import (
	"context"
	"sync"
)

type Limiter struct {
	sem chan struct{}
	wg  sync.WaitGroup
}

func New(n int) *Limiter { return &Limiter{sem: make(chan struct{}, n)} }

func (l *Limiter) acquire(ctx context.Context) error {
	select {
	case l.sem <- struct{}{}:
		return nil
	default:
	}
	select {
	case l.sem <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (l *Limiter) release() { <-l.sem }

func (l *Limiter) Submit(ctx context.Context, prep func() error, f func(context.Context)) error {
	if err := l.acquire(ctx); err != nil {
		return err
	}
	ok := false
	defer func() {
		if !ok {
			l.release()
		}
	}()
	if err := prep(); err != nil {
		return err
	}
	ok = true
	l.wg.Add(1)
	go func() {
		defer l.wg.Done()
		defer l.release()
		f(ctx)
	}()
	return nil
}

// Wait takes every slot, so that nobody is in any more.
func (l *Limiter) Wait() {
	l.wg.Wait()
	for range cap(l.sem) {
		l.sem <- struct{}{}
	}
	for range cap(l.sem) {
		<-l.sem
	}
}
