package d08leak

// only the winner of the CAS sends; buffer 1
import (
	"context"
	"sync/atomic"
)

func Any(ctx context.Context, fs []func(context.Context) (int, bool)) (int, bool) {
	if len(fs) == 0 {
		return 0, false
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var won atomic.Bool
	var left atomic.Int64
	left.Store(int64(len(fs)))
	win := make(chan int, 1)
	none := make(chan struct{})
	for _, f := range fs {
		go func() {
			v, ok := f(ctx)
			if ok {
				win <- v
				won.Store(true)
			}
			if left.Add(-1) == 0 {
				close(none)
			}
		}()
	}
	select {
	case v := <-win:
		return v, true
	case <-none:
		select {
		case v := <-win:
			return v, true
		default:
			return 0, false
		}
	case <-ctx.Done():
		return 0, false
	}
}
