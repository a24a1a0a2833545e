// A question that could not be sent is taken out again.
package question_taken_back

import (
	"errors"
	"sync"
)

type client struct {
	mu      sync.Mutex
	next    int
	pending map[int]chan int
	send    func(id int) error
}

var theClient = &client{pending: map[int]chan int{}}

func init() { theClient.send = send }

var errRefused = errors.New("refused")

func send(id int) error {
	if id%2 == 0 {
		return errRefused
	}
	theClient.answer(id, id)
	return nil
}

func (c *client) answer(id, n int) {
	c.mu.Lock()
	reply := c.pending[id]
	delete(c.pending, id)
	c.mu.Unlock()
	if reply != nil {
		reply <- n
	}
}

func (c *client) ask() (int, error) {
	reply := make(chan int, 1)
	c.mu.Lock()
	c.next++
	id := c.next
	c.pending[id] = reply
	c.mu.Unlock()
	if err := c.send(id); err != nil {
		c.answer(id, 0)
		return 0, err
	}
	return <-reply, nil
}

func Step(int) { _, _ = theClient.ask() }
