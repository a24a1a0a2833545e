// Each turn of the loop has a map of its own.
package local_of_each_turn

import (
	"strconv"
	"sync"
)

var (
	once  sync.Once
	names = make(chan string)
	done  = make(chan int)
	quit  = make(chan bool)
)

func serve() {
	for {
		seen := map[string]bool{}
		select {
		case name := <-names:
			seen[name] = true
			done <- len(seen)
		case <-quit:
			return
		}
	}
}

func Step(i int) {
	once.Do(func() { go serve() })
	names <- strconv.Itoa(i)
	<-done
}

func Stop() { close(quit) }
