package f02

// release stored in the handle under other forms
import (
	"context"
	"sync"
)

type Handle struct {
	release func()
	once    sync.Once
}

func (h *Handle) Close() { h.once.Do(func() { h.release() }) }

type Sem struct{ c chan struct{} }

func New(n int) *Sem { return &Sem{make(chan struct{}, n)} }

func (s *Sem) Enter(ctx context.Context, check func() error) (*Handle, error) {
	select {
	case s.c <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	h := &Handle{release: func() { <-s.c }}
	if err := check(); err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

func (s *Sem) With(ctx context.Context, check func() error, f func()) error {
	h, err := s.Enter(ctx, check)
	if err != nil {
		return err
	}
	defer h.Close()
	f()
	return nil
}
