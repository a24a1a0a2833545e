// The workers of ../leak, repaired: Done is deferred first thing.
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
			defer wg.Done()
			if err := run(job); err != nil {
				fmt.Println(err)
			}
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
