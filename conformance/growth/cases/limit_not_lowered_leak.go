// A job that cannot be opened leaves its place taken; in the end all jobs only wait in line.
package limit_not_lowered

import (
	"errors"
	"sync"
)

type job struct {
	id   int
	data [64]byte
}

type server struct {
	mu     sync.Mutex
	active int
	queue  []*job
}

var (
	theServer = &server{}
	errBad    = errors.New("bad job")
)

func open(j *job) error {
	if j.id%5 == 0 {
		return errBad
	}
	return nil
}

func (s *server) run(j *job) error {
	s.mu.Lock()
	if s.active >= 4 {
		s.queue = append(s.queue, j)
		s.mu.Unlock()
		return nil
	}
	s.active++
	s.mu.Unlock()
	if err := open(j); err != nil {
		return err
	}
	s.mu.Lock()
	s.active--
	s.queue = nil
	s.mu.Unlock()
	return nil
}

func Step(i int) { _ = theServer.run(&job{id: i}) }
