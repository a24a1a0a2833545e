// Whoever was given the entry takes it out when it is done.
package delete_by_goroutine

import (
	"errors"
	"sync"
)

var (
	mu      sync.Mutex
	pending = map[int]*[64]byte{}
	errDown = errors.New("down")
)

func finish(i int) {
	mu.Lock()
	defer mu.Unlock()
	delete(pending, i)
}

func call(i int) error {
	var wg sync.WaitGroup
	mu.Lock()
	pending[i] = new([64]byte)
	mu.Unlock()
	wg.Add(1)
	go func() {
		defer wg.Done()
		finish(i)
	}()
	wg.Wait()
	if i%2 == 0 {
		return errDown
	}
	return nil
}

func Step(i int) { _ = call(i) }
