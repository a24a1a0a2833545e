package d25

// fan-in via reflect-free generic select; stop arms; consumer break closes
import "context"

type Stream[T any] struct {
	c      <-chan T
	cancel context.CancelFunc
}

func From[T any](ctx context.Context, gen func(emit func(T) bool)) *Stream[T] {
	ctx, cancel := context.WithCancel(ctx)
	c := make(chan T)
	go func() {
		defer close(c)
		gen(func(v T) bool {
			select {
			case c <- v:
				return true
			case <-ctx.Done():
				return false
			}
		})
	}()
	return &Stream[T]{c, cancel}
}

func (s *Stream[T]) All(yield func(T) bool) {
	defer s.cancel()
	for v := range s.c {
		if !yield(v) {
			return
		}
	}
}

func First(ctx context.Context, n int) int {
	s := From(ctx, func(emit func(int) bool) {
		for i := 0; emit(i); i++ {
		}
	})
	for v := range s.All {
		if v > n {
			return v
		}
	}
	return -1
}
