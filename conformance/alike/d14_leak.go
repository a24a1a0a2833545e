package d14leak

// done closed by a function in a list of closers run at Shutdown
import (
	"context"
	"slices"
	"sync"
)

type App struct {
	mu    sync.Mutex
	hooks []func()
}

func (a *App) OnStop(f func()) {
	a.mu.Lock()
	a.hooks = append(a.hooks, f)
	a.mu.Unlock()
}

func (a *App) Background(f func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(ctx)
	}()
	a.OnStop(func() {
		cancel()
		<-done
	})
}

func (a *App) Shutdown() {
	a.mu.Lock()
	hooks := slices.Clone(a.hooks)
	a.hooks = nil
	a.mu.Unlock()
	_ = context.Background
	slices.Reverse(hooks)
	for _, h := range hooks {
		h()
	}
}

func Ticker(a *App, ticks <-chan int, f func(int)) {
	a.Background(func(ctx context.Context) {
		for {
			select {
			case t := <-ticks:
				f(t)
			}
		}
	})
}
