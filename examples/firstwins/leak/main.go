// Every mirror is asked, the first answer wins.
//
// One answer is received and one goroutine ends. The others have nobody to give theirs to: each of
// them stays at its send for ever. With three mirrors, every call of fetch leaves two goroutines.
package main

import (
	"fmt"
	"time"
)

func fetch(mirrors []string) string {
	answers := make(chan string)
	for _, mirror := range mirrors {
		go func() {
			answers <- ask(mirror) // leaks in every goroutine but the fastest
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
