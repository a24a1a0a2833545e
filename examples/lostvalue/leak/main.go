// A goroutine waits for a value that the other side sends only when all goes well.
//
// When load fails, the function returns without a word to the goroutine, which waits in its receive
// for a sender that has gone.
package main

import (
	"errors"
	"fmt"
	"time"
)

func start(name string) error {
	config := make(chan string)
	go func() {
		text := <-config // leaks when load fails
		fmt.Println("running with", text)
	}()

	text, err := load(name)
	if err != nil {
		return err
	}
	config <- text
	return nil
}

func load(name string) (string, error) {
	if name == "" {
		return "", errors.New("no such file")
	}
	return "the text of " + name, nil
}

func main() {
	fmt.Println(start("a.conf"))
	fmt.Println(start(""))
	time.Sleep(10 * time.Millisecond)
}
