package f09

// filtered slice, then as many
import "slices"

type task struct {
	ready bool
	run   func() error
}

func Run(ts []task) error {
	ts = slices.DeleteFunc(slices.Clone(ts), func(t task) bool { return !t.ready })
	errc := make(chan error, len(ts))
	for _, t := range ts {
		go func() { errc <- t.run() }()
	}
	for i := 0; i < len(ts); i++ {
		if err := <-errc; err != nil {
			return err
		}
	}
	return nil
}

func Batches(xs []int, size int, f func([]int) int) (t int) {
	n := (len(xs) + size - 1) / size
	c := make(chan int, n)
	for b := range slices.Chunk(xs, size) {
		go func() { c <- f(b) }()
	}
	for range n {
		t += <-c
	}
	return t
}
