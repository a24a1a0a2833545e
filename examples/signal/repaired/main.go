// The questions of ../leak, repaired: each takes its channel out of the table.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"time"
)

// ask waits for an answer, and gives up at an interrupt.
func ask(answers <-chan string) (string, bool) {
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	select {
	case answer := <-answers:
		return answer, true
	case <-interrupts:
		return "", false
	case <-time.After(time.Second):
		return "", false
	}
}

func main() {
	answers := make(chan string, 3)
	for _, name := range []string{"a", "b", "c"} {
		answers <- name
		answer, ok := ask(answers)
		fmt.Println(answer, ok)
	}
}
