// The constructor of ../leak, repaired: the early return cancels what it leaves behind.
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
		cancel()
		return nil, err
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
