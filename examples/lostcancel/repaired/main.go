// The constructor of ../leak, repaired: the early return cancels what it leaves behind.
package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

type server struct {
	cancel context.CancelFunc
}

func start(address string) (*server, error) {
	ctx, cancel := context.WithCancel(context.Background())
	s := &server{cancel: cancel}
	go s.watch(ctx)

	if err := listen(address); err != nil {
		cancel()
		return nil, err
	}
	return s, nil
}

func (s *server) watch(ctx context.Context) {
	<-ctx.Done()
	fmt.Println("the watcher ends")
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
	for _, address := range []string{"localhost:0", ""} {
		s, err := start(address)
		if err != nil {
			fmt.Println(err)
			continue
		}
		s.stop()
	}
	time.Sleep(10 * time.Millisecond)
}
