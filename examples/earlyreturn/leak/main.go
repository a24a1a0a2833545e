// Two results are awaited one after the other; an error in the first forgets the second.
//
// The early return on err goes past the only receive from total. The goroutine that computes the
// total then waits in its send for a receiver that cannot come.
package main

import (
	"errors"
	"fmt"
	"time"
)

func report(name string) (int, error) {
	total := make(chan int)
	go func() {
		total <- sum(name) // leaks when check fails
	}()

	if err := check(name); err != nil {
		return 0, err
	}
	return <-total, nil
}

func check(name string) error {
	if name == "" {
		return errors.New("no name")
	}
	return nil
}

func sum(name string) int {
	return len(name)
}

func main() {
	fmt.Println(report("a name"))
	fmt.Println(report(""))
	time.Sleep(10 * time.Millisecond)
}
