package a22

// retry loop with timer reset and stop
import (
	"context"
	"time"
)

func Retry(ctx context.Context, n int, f func(context.Context) error) error {
	t := time.NewTimer(0)
	defer t.Stop()
	var err error
	for i := range n {
		select {
		case <-t.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		err = func() error {
			c, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			return f(c)
		}()
		if err == nil {
			return nil
		}
		t.Reset(time.Duration(1<<i) * time.Millisecond)
	}
	return err
}
