package f15

// context value closers, object with start/stop where Stop is by ctx cancel of own
import (
	"context"
	"time"
)

type Beat struct {
	ctx  context.Context
	stop context.CancelCauseFunc
	done chan struct{}
}

func New(parent context.Context, f func() error) *Beat {
	b := &Beat{done: make(chan struct{})}
	b.ctx, b.stop = context.WithCancelCause(parent)
	go func() {
		defer close(b.done)
		t := time.NewTicker(time.Second)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				if err := f(); err != nil {
					b.stop(err)
					return
				}
			case <-b.ctx.Done():
				return
			}
		}
	}()
	return b
}

func (b *Beat) Err() error { return context.Cause(b.ctx) }
func (b *Beat) Stop() error {
	b.stop(context.Canceled)
	<-b.done
	return b.Err()
}

func While(ctx context.Context, f func() error, body func(context.Context) error) error {
	b := New(ctx, f)
	err := body(b.ctx)
	if cause := b.Stop(); err == nil && cause != context.Canceled {
		err = cause
	}
	return err
}
