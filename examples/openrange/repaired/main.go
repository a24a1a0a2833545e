// The producer of ../leak, repaired: it closes the channel when it has sent all that it has.
package main

import (
	"fmt"
	"time"
)

func printAll(lines []string) {
	queue := make(chan string)
	defer close(queue)
	go func() {
		for line := range queue {
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
