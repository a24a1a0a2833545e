package a25leak

// first of n: buffered as large as the number of senders
import (
	"context"
	"errors"
)

type result struct {
	val string
	err error
}

func Race(ctx context.Context, replicas []func(context.Context) (string, error)) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ch := make(chan result, len(replicas)-2)
	for _, r := range replicas {
		go func() {
			v, err := r(ctx)
			ch <- result{v, err}
		}()
	}
	var errs []error
	for range replicas {
		r := <-ch
		if r.err == nil {
			return r.val, nil
		}
		errs = append(errs, r.err)
	}
	return "", errors.Join(errs...)
}
