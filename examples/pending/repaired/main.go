// A call takes its entry out of the table of pending calls on every way.
package main

import (
	"errors"
	"fmt"
)

type client struct {
	pending map[int]chan string
}

func (c *client) send(id int) error {
	if id%2 == 0 {
		return errors.New("connection refused")
	}
	c.pending[id] <- "done"
	return nil
}

func (c *client) call(id int) error {
	c.pending[id] = make(chan string, 1)
	defer delete(c.pending, id)
	if err := c.send(id); err != nil {
		return err
	}
	<-c.pending[id]
	return nil
}

func main() {
	c := &client{pending: map[int]chan string{}}
	for id := range 1000 {
		if err := c.call(id); err != nil && id == 0 {
			fmt.Println(err)
		}
	}
	fmt.Println("pending:", len(c.pending))
}
