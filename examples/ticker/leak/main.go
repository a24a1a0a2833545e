// Stopping a ticker does not end the goroutine that ranges over its ticks.
//
// Stop does not close the channel: the loop waits for a tick that never comes.
package main

import (
	"fmt"
	"time"
)

type poller struct {
	ticker *time.Ticker
}

func start(poll func()) *poller {
	p := &poller{ticker: time.NewTicker(time.Hour)}
	go func() {
		for range p.ticker.C { // leaks: nothing ends this loop
			poll()
		}
	}()
	return p
}

func (p *poller) stop() {
	p.ticker.Stop()
}

func main() {
	p := start(func() { fmt.Println("polled") })
	p.stop()
	fmt.Println("stopped")
}
