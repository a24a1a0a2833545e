package f03leak

// OnceFunc release
import (
	"context"
	"sync"
)

type Sem struct{ c chan struct{} }

func New(n int) *Sem { return &Sem{make(chan struct{}, n)} }

func (s *Sem) Enter(ctx context.Context) (release func(), err error) {
	select {
	case s.c <- struct{}{}:
		return sync.OnceFunc(func() { <-s.c }), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *Sem) With(ctx context.Context, check func() error, f func()) error {
	rel, err := s.Enter(ctx)
	if err != nil {
		return err
	}
	if err := check(); err != nil {
		return err
	}
	go func() {
		defer rel()
		f()
	}()
	return nil
}
