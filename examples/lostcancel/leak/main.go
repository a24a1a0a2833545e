// A constructor fails after it has made a context, and forgets to cancel it.
//
// The cancel function is the only way to close ctx.Done(). It went into a field of the server, and
// on the early return the server is dropped: nobody can ever call it. The goroutine that watches
// the context stays for ever. (go vet does not see this one: to store cancel is a use.)
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
		return nil, err // leaks: s.cancel is lost on this path
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
