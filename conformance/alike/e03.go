package e03

// wait groups with irregular counts
import (
	"sync"
	"time"
)

func A(fs []func()) {
	var wg sync.WaitGroup
	wg.Add(len(fs))
	for _, f := range fs {
		if f == nil {
			wg.Done()
			continue
		}
		go func() {
			defer wg.Done()
			f()
		}()
	}
	wg.Wait()
}

func B(f, g func()) {
	var wg sync.WaitGroup
	wg.Add(2)
	go func() {
		f()
		wg.Done()
		g()
		wg.Done()
	}()
	wg.Wait()
}

func C(ds []time.Duration) {
	var wg sync.WaitGroup
	for _, d := range ds {
		wg.Add(1)
		time.AfterFunc(d, wg.Done)
	}
	wg.Wait()
}

func D(n int, f func(int, func())) {
	var wg sync.WaitGroup
	wg.Add(n)
	for i := range n {
		go f(i, wg.Done)
	}
	wg.Wait()
}

func E(fs []func() bool) (ok bool) {
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Add(len(fs))
	for i, f := range fs {
		select {
		case <-stop:
			wg.Add(-(len(fs) - i))
			wg.Wait()
			return false
		default:
		}
		go func() {
			defer wg.Done()
			f()
		}()
	}
	wg.Wait()
	return true
}
