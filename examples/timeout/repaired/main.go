// The worker of ../leak, repaired: the channel has room for the one value that the worker sends.
//
// The send succeeds whether or not somebody waits for it; the worker returns, its deferred close
// runs, and the garbage collector takes the channel with the value in it.
package main

import (
	"fmt"
	"runtime"
	"time"
)

func worker(ch chan string) {
	defer close(ch)
	time.Sleep(200 * time.Millisecond)
	ch <- "the answer" // never blocks: the buffer has room for it
}

func main() {
	ch := make(chan string, 1)
	go worker(ch)

	select {
	case answer := <-ch:
		fmt.Println(answer)
	case <-time.After(10 * time.Millisecond):
		fmt.Println("main stops waiting")
	}

	time.Sleep(300 * time.Millisecond)
	fmt.Println("goroutines:", runtime.NumGoroutine())
}
