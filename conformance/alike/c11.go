package c11

// ordered results: queue of futures, on error the consumer cancels and drains
import "context"

type fut struct {
	c chan res
}
type res struct {
	v   string
	err error
}

func Ordered(ctx context.Context, keys []string, get func(context.Context, string) (string, error), emit func(string) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	q := make(chan fut, 4)
	go func() {
		defer close(q)
		for _, k := range keys {
			f := fut{make(chan res, 1)}
			select {
			case q <- f:
			case <-ctx.Done():
				return
			}
			go func() {
				v, err := get(ctx, k)
				f.c <- res{v, err}
			}()
		}
	}()
	for f := range q {
		r := <-f.c
		if r.err != nil {
			return r.err
		}
		if err := emit(r.v); err != nil {
			return err
		}
	}
	return ctx.Err()
}
