package a13

// pipeline: consumer cancels, then drains
import "context"

func gen(ctx context.Context, n int) <-chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		for i := range n {
			select {
			case out <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

func square(in <-chan int) <-chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		for v := range in {
			out <- v * v
		}
	}()
	return out
}

func FirstOver(parent context.Context, n, limit int) (int, bool) {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	sq := square(gen(ctx, n))
	for v := range sq {
		if v > limit {
			cancel()
			for range sq {
			}
			return v, true
		}
	}
	return 0, false
}
