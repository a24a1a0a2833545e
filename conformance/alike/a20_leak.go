package a20leak

// iter.Pull with stop deferred; iter.Seq over goroutine with done
import "iter"

func Merge(a, b iter.Seq[int]) iter.Seq[int] {
	return func(yield func(int) bool) {
		next, stop := iter.Pull(b)
		defer stop()
		y, ok := next()
		for x := range a {
			for ok && y < x {
				if !yield(y) {
					return
				}
				y, ok = next()
			}
			if !yield(x) {
				return
			}
		}
		for ok {
			if !yield(y) {
				return
			}
			y, ok = next()
		}
	}
}

func Async(src iter.Seq[int]) iter.Seq[int] {
	return func(yield func(int) bool) {
		ch := make(chan int)
		done := make(chan struct{})
		defer close(done)
		go func() {
			defer close(ch)
			for v := range src {
				ch <- v
			}
		}()
		for v := range ch {
			if !yield(v) {
				return
			}
		}
	}
}
