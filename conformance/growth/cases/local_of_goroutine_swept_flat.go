// A goroutine that serves for ever forgets the names when there are many.
package local_of_goroutine_swept

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
	n := 0
	for {
		select {
		case name := <-names:
			seen[name] = true
			if n++; n == 100 {
				clear(seen)
				n = 0
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
