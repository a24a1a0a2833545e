package a10

// errgroup-like helper
import (
	"context"
	"sync"
)

type Group struct {
	wg     sync.WaitGroup
	once   sync.Once
	err    error
	cancel context.CancelCauseFunc
	sem    chan struct{}
}

func WithContext(ctx context.Context, n int) (*Group, context.Context) {
	ctx, cancel := context.WithCancelCause(ctx)
	return &Group{cancel: cancel, sem: make(chan struct{}, n)}, ctx
}

func (g *Group) Go(f func() error) {
	g.sem <- struct{}{}
	g.wg.Add(1)
	go func() {
		defer func() {
			<-g.sem
			g.wg.Done()
		}()
		if err := f(); err != nil {
			g.once.Do(func() {
				g.err = err
				g.cancel(err)
			})
		}
	}()
}

func (g *Group) Wait() error {
	g.wg.Wait()
	g.cancel(g.err)
	return g.err
}

func FetchAll(ctx context.Context, urls []string, get func(context.Context, string) (int, error)) (int, error) {
	g, ctx := WithContext(ctx, 4)
	res := make(chan int, len(urls))
	for _, u := range urls {
		g.Go(func() error {
			n, err := get(ctx, u)
			if err != nil {
				return err
			}
			res <- n
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return 0, err
	}
	close(res)
	t := 0
	for n := range res {
		t += n
	}
	return t, nil
}
