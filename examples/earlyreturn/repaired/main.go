// The report of ../leak, repaired: the channel has room for the total, whoever comes to fetch it.
package main

import (
	"errors"
	"fmt"
	"time"
)

func report(name string) (int, error) {
	total := make(chan int, 1)
	go func() {
		total <- sum(name)
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
