package j07

// semaphore release via Once / OnceFunc in other forms
import "sync"

type S struct{ c chan struct{} }

func New(n int) *S { return &S{make(chan struct{}, n)} }

func (s *S) give() { <-s.c }

func (s *S) A(f func() error) error {
	s.c <- struct{}{}
	var o sync.Once
	rel := func() { o.Do(s.give) }
	if err := f(); err != nil {
		rel()
		return err
	}
	rel()
	return nil
}

func (s *S) B(f func() error) error {
	s.c <- struct{}{}
	rel := sync.OnceFunc(s.give)
	defer rel()
	if err := f(); err != nil {
		return err
	}
	rel()
	return f()
}

type tok struct {
	s *S
	o sync.Once
}

func (t *tok) Close() { t.o.Do(t.free) }
func (t *tok) free()  { <-t.s.c }

func (s *S) C(f func() error) (*tok, error) {
	s.c <- struct{}{}
	t := &tok{s: s}
	if err := f(); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}
