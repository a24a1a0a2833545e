// A constructor fails after it has made a context, and forgets to cancel it.
//
// The cancel function is the only way to take the context out of its parent's list of children. It went
// into a field of the server, and on the early return the server is dropped: nobody can ever call it.
// Every failed start stays with the parent for as long as the program runs. (go vet does not see this
// one: to store cancel is a use.)
package main

import (
	"context"
	"errors"
	"fmt"
)

type server struct {
	ctx    context.Context
	cancel context.CancelFunc
}

func start(parent context.Context, address string) (*server, error) {
	ctx, cancel := context.WithCancel(parent)
	s := &server{ctx: ctx, cancel: cancel}

	if err := listen(address); err != nil {
		return nil, err // leaks: s.cancel is lost on this path
	}
	return s, nil
}

func (s *server) stop() {
	s.cancel()
}

func listen(address string) error {
	if address == "" {
		return errors.New("no address")
	}
	return nil
}

func main() {
	parent, end := context.WithCancel(context.Background())
	defer end()
	for _, address := range []string{"localhost:0", ""} {
		s, err := start(parent, address)
		if err != nil {
			fmt.Println(err)
			continue
		}
		s.stop()
	}
}
