package c24

// panic-safe goroutine sends exactly one result
import (
	"context"
	"fmt"
	"time"
)

func Safe(ctx context.Context, d time.Duration, f func(context.Context) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	errc := make(chan error, 1)
	go func() {
		var err error
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panic: %v", p)
			}
			errc <- err
		}()
		err = f(ctx)
	}()
	select {
	case err = <-errc:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	return err
}
