// A worker that fails returns before it says Done.
//
// The counter of the wait group never reaches zero, so Wait never returns, and neither does the
// goroutine that waits in order to report the end of the work.
package main

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

func process(jobs []string) {
	var wg sync.WaitGroup
	for _, job := range jobs {
		wg.Add(1)
		go func() {
			if err := run(job); err != nil {
				fmt.Println(err)
				return // leaks: this worker's Done is skipped
			}
			wg.Done()
		}()
	}
	go func() {
		wg.Wait()
		fmt.Println("all is done")
	}()
}

func run(job string) error {
	if job == "" {
		return errors.New("empty job")
	}
	return nil
}

func main() {
	process([]string{"a", ""})
	time.Sleep(10 * time.Millisecond)
}
