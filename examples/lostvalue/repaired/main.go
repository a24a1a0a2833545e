// The function of ../leak, repaired: the channel is closed on every way out, which ends the wait.
package main

import (
	"errors"
	"fmt"
	"time"
)

func start(name string) error {
	config := make(chan string)
	defer close(config)
	go func() {
		text, ok := <-config
		if !ok {
			return
		}
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
