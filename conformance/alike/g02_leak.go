package g02leak

// token with Release method
import "context"

type Sem struct{ c chan struct{} }

type Token struct{ s *Sem }

func New(n int) *Sem { return &Sem{make(chan struct{}, n)} }

func (t *Token) Release() {
	if t.s != nil {
		<-t.s.c
		t.s = nil
	}
}

func (s *Sem) Take(ctx context.Context, admit func() error) (*Token, error) {
	select {
	case s.c <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	t := &Token{s}
	if err := admit(); err != nil {
		return nil, err
	}
	return t, nil
}

func (s *Sem) Do(ctx context.Context, f func() error) error {
	t, err := s.Take(ctx, func() error { return nil })
	if err != nil {
		return err
	}
	defer t.Release()
	return f()
}
