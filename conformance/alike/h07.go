package h07

// Once.Do with method values that close / unlock / cancel / Done
import (
	"context"
	"os"
	"sync"
)

type rc struct {
	once sync.Once
	f    *os.File
	fin  func() error
	err  error
}

func (r *rc) Close() error {
	r.once.Do(r.close)
	return r.err
}

func (r *rc) close() { r.err = r.fin() }

func Size(name string) (int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	r := &rc{f: f, fin: f.Close}
	defer r.Close()
	st, err := r.f.Stat()
	if err != nil {
		return 0, err
	}
	return st.Size(), nil
}

func Locked(mu *sync.Mutex, f func() bool) bool {
	mu.Lock()
	var o sync.Once
	defer o.Do(mu.Unlock)
	if f() {
		o.Do(mu.Unlock)
		return true
	}
	return false
}

func Cancelled(ctx context.Context, f func(context.Context)) {
	ctx, cancel := context.WithCancel(ctx)
	var o sync.Once
	defer o.Do(cancel)
	f(ctx)
}

func File(name string) {
	f, err := os.Open(name)
	if err != nil {
		return
	}
	cl := sync.OnceValue(f.Close)
	defer cl()
	f.Stat()
}

func Group(n int, f func()) {
	var wg sync.WaitGroup
	for range n {
		wg.Add(1)
		var o sync.Once
		go func() {
			defer o.Do(wg.Done)
			f()
		}()
	}
	wg.Wait()
}
