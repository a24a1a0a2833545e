package c08leak

// last worker closes the results, told by an atomic counter
import "sync/atomic"

func Map[T, R any](in []T, workers int, f func(T) R) []R {
	if workers < 1 {
		workers = 1
	}
	tasks := make(chan T)
	results := make(chan R)
	var live atomic.Int32
	live.Store(int32(workers) + 1)
	for range workers {
		go func() {
			for t := range tasks {
				results <- f(t)
			}
			if live.Add(-1) == 0 {
				close(results)
			}
		}()
	}
	go func() {
		defer close(tasks)
		for _, t := range in {
			tasks <- t
		}
	}()
	var out []R
	for r := range results {
		out = append(out, r)
	}
	return out
}
