// The poller of ../leak, repaired: the loop also waits for a channel that stop closes.
package main

import (
	"fmt"
	"time"
)

type poller struct {
	ticker *time.Ticker
	done   chan struct{}
}

func start(poll func()) *poller {
	p := &poller{ticker: time.NewTicker(time.Hour), done: make(chan struct{})}
	go func() {
		for {
			select {
			case <-p.ticker.C:
				poll()
			case <-p.done:
				return
			}
		}
	}()
	return p
}

func (p *poller) stop() {
	p.ticker.Stop()
	close(p.done)
}

func main() {
	p := start(func() { fmt.Println("polled") })
	p.stop()
	fmt.Println("stopped")
}
