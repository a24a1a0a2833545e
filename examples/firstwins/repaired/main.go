// The fan-out of ../leak, repaired: there is room for every answer, wanted or not.
package main

import (
	"fmt"
	"time"
)

func fetch(mirrors []string) string {
	answers := make(chan string, len(mirrors))
	for _, mirror := range mirrors {
		go func() {
			answers <- ask(mirror)
		}()
	}
	return <-answers
}

func ask(mirror string) string {
	return "from " + mirror
}

func main() {
	fmt.Println(fetch([]string{"a", "b", "c"}))
	time.Sleep(10 * time.Millisecond)
}
