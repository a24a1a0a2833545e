package d11leak

// cancel handed to AfterFunc / stored in a map / called by the goroutine at its end
import (
	"context"
	"sync"
	"time"
)

type Jobs struct {
	mu sync.Mutex
	m  map[string]context.CancelFunc
}

func New() *Jobs { return &Jobs{m: map[string]context.CancelFunc{}} }

func (j *Jobs) Start(ctx context.Context, id string, f func(context.Context)) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	j.mu.Lock()
	if old := j.m[id]; old != nil {
		old()
	}
	j.m[id] = cancel
	j.mu.Unlock()
	go func() {
		defer cancel()
		f(ctx)
	}()
}

func (j *Jobs) Cancel(id string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if c := j.m[id]; c != nil {
		c()
		delete(j.m, id)
	}
}

func Lapse(ctx context.Context, d time.Duration) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	t := time.AfterFunc(d, cancel)
	defer t.Stop()
	return ctx
}

func Both(a, b context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(a)
	stop := context.AfterFunc(b, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}
