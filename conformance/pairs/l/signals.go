package l

import (
	"os"
	"os/signal"
)

//pair:l40 signals-until-stopped
func l40() {
	go until(func() {})
}

// until leaves the goroutine behind: nobody sends to it after signal.Stop.
func until(work func()) {
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	go func() {
		if _, ok := <-interrupts; ok {
			os.Exit(1)
		}
	}()
	work()
}

//pair:l41 signals-until-stopped
func l41() {
	go untilDone(func() {})
}

func untilDone(work func()) {
	interrupts := make(chan os.Signal, 1)
	done := make(chan struct{})
	signal.Notify(interrupts, os.Interrupt)
	defer close(done)
	defer signal.Stop(interrupts)
	go func() {
		select {
		case <-interrupts:
			os.Exit(1)
		case <-done:
		}
	}()
	work()
}
