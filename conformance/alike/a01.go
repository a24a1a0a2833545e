package a01

// per-request reply channel with room for one; caller may give up
import (
	"context"
	"errors"
	"sync"
)

type reply struct {
	body []byte
	err  error
}

type request struct {
	key   string
	reply chan reply
}

type Server struct {
	reqs chan request
	quit chan struct{}
	wg   sync.WaitGroup
}

func New() *Server {
	s := &Server{reqs: make(chan request), quit: make(chan struct{})}
	s.wg.Add(1)
	go s.loop()
	return s
}

func (s *Server) loop() {
	defer s.wg.Done()
	for {
		select {
		case r := <-s.reqs:
			r.reply <- reply{body: []byte(r.key)}
		case <-s.quit:
			return
		}
	}
}

var ErrClosed = errors.New("closed")

func (s *Server) Get(ctx context.Context, key string) ([]byte, error) {
	r := request{key: key, reply: make(chan reply, 1)}
	select {
	case s.reqs <- r:
	case <-s.quit:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case rep := <-r.reply:
		return rep.body, rep.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *Server) Close() {
	close(s.quit)
	s.wg.Wait()
}
