// A goroutine that serves for ever remembers every name in a variable of its own.
package local_of_goroutine

import (
	"strconv"
	"sync"
)

var (
	once  sync.Once
	names = make(chan string)
	done  = make(chan bool)
	quit  = make(chan bool)
)

func serve() {
	seen := map[string]bool{}
	for {
		select {
		case name := <-names:
			if !seen[name] {
				seen[name] = true
			}
			done <- true
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
