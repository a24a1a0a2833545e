// A consumer ranges over a channel that nobody closes.
//
// The producer sends all it has and returns. The consumer's loop ends when the channel is closed,
// and only then: without a close it waits for one more value for ever.
package main

import (
	"fmt"
	"time"
)

func printAll(lines []string) {
	queue := make(chan string)
	go func() {
		for line := range queue { // leaks: queue is never closed
			fmt.Println(line)
		}
	}()

	for _, line := range lines {
		queue <- line
	}
}

func main() {
	printAll([]string{"one", "two"})
	time.Sleep(10 * time.Millisecond)
}
