package f13leak

// job result awaited with retry; sender closes over done; two-step cancel
import (
	"context"
	"sync"
)

type Future[T any] struct {
	once sync.Once
	done chan struct{}
	v    T
	err  error
}

func NewFuture[T any]() *Future[T] { return &Future[T]{done: make(chan struct{})} }

func (f *Future[T]) Set(v T, err error) {
	f.once.Do(func() {
		f.v, f.err = v, err
		close(f.done)
	})
}

func (f *Future[T]) Get(ctx context.Context) (v T, err error) {
	select {
	case <-f.done:
		return f.v, f.err
	case <-ctx.Done():
		return v, ctx.Err()
	}
}

func Go[T any](fn func() (T, error)) *Future[T] {
	f := NewFuture[T]()
	go func() {
		if v, err := fn(); err == nil {
			f.Set(v, nil)
		}
	}()
	return f
}

func All[T any](fs ...*Future[T]) ([]T, error) {
	var out []T
	for _, f := range fs {
		<-f.done
		if f.err != nil {
			return nil, f.err
		}
		out = append(out, f.v)
	}
	return out, nil
}

func Sum(a, b func() (int, error)) (int, error) {
	vs, err := All(Go(a), Go(b))
	if err != nil {
		return 0, err
	}
	return vs[0] + vs[1], nil
}
