package c12leak

// token bucket with filler goroutine
import (
	"context"
	"time"
)

type Bucket struct {
	tok  chan struct{}
	stop context.CancelFunc
}

func New(rate time.Duration, burst int) *Bucket {
	ctx, cancel := context.WithCancel(context.Background())
	b := &Bucket{tok: make(chan struct{}, burst), stop: cancel}
	for range burst {
		b.tok <- struct{}{}
	}
	go func() {
		t := time.NewTicker(rate)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				select {
				case b.tok <- struct{}{}:
				default:
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return b
}

func (b *Bucket) Wait(ctx context.Context) error {
	select {
	case <-b.tok:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *Bucket) Close() { b.stop() }

func Paced(ctx context.Context, fs []func()) error {
	b := New(time.Millisecond, 3)
	for _, f := range fs {
		if err := b.Wait(ctx); err != nil {
			return err
		}
		f()
	}
	b.Close()
	return nil
}
