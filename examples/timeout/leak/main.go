// A worker sends one value and closes its channel; main receives the value or times out.
//
// When main stops waiting, nobody will ever receive from ch. The worker then stands at its send for
// as long as the program runs, and its stack, the channel and whatever the answer holds stay with
// it. The deferred close does not help: it runs when the worker returns, and a worker that is
// blocked in a send does not return. (Nor would somebody else's close save it: a send on a closed
// channel panics.)
package main

import (
	"fmt"
	"runtime"
	"time"
)

func worker(ch chan string) {
	defer close(ch)
	time.Sleep(200 * time.Millisecond) // the work takes longer than main is willing to wait
	ch <- "the answer"                 // leaks: blocks for ever once main has stopped waiting
}

func main() {
	ch := make(chan string)
	go worker(ch)

	select {
	case answer := <-ch:
		fmt.Println(answer)
	case <-time.After(10 * time.Millisecond):
		fmt.Println("main stops waiting")
	}

	time.Sleep(300 * time.Millisecond) // main has other things to do
	fmt.Println("goroutines:", runtime.NumGoroutine())
}
