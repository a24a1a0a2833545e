package b20

// context from caller stored; cancel kept in struct and called in Close; child replaced after cancel
import (
	"context"
	"sync"
)

type Job struct {
	mu     sync.Mutex
	cancel context.CancelFunc
	done   chan struct{}
}

func (j *Job) Restart(ctx context.Context, f func(context.Context)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.cancel != nil {
		j.cancel()
		<-j.done
	}
	ctx, j.cancel = context.WithCancel(ctx)
	done := make(chan struct{})
	j.done = done
	go func() {
		defer close(done)
		f(ctx)
	}()
}

func (j *Job) Stop() {
	j.mu.Lock()
	cancel, done := j.cancel, j.done
	j.cancel = nil
	j.mu.Unlock()
	if cancel == nil {
		return
	}
	cancel()
	<-done
}
