// A method that stops a worker holds the lock that the worker needs for its last turn.
//
// The worker is in the middle of a turn when stop locks; stop waits for the worker, the worker for the
// lock.
package main

import (
	"sync"
	"time"
)

type counter struct {
	mu   sync.Mutex
	wg   sync.WaitGroup
	quit chan struct{}
	n    int
}

func (c *counter) start() {
	c.wg.Add(1)
	go c.run()
}

func (c *counter) run() {
	defer c.wg.Done()
	for {
		select {
		case <-c.quit:
			return
		case <-time.After(time.Millisecond):
			c.add()
		}
	}
}

func (c *counter) add() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
}

func (c *counter) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	time.Sleep(200 * time.Millisecond)
	close(c.quit)
	c.wg.Wait() // leaks: run may wait for c.mu
}

func main() {
	c := &counter{quit: make(chan struct{})}
	c.start()
	go c.stop()
	time.Sleep(400 * time.Millisecond)
}
