package i07leak

// context-bound object: constructor registers AfterFunc that closes it
import (
	"bufio"
	"context"
	"net"
	"sync"
)

type Sub struct {
	c    net.Conn
	once sync.Once
	quit chan struct{}
}

func Open(ctx context.Context, addr string) (*Sub, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	s := &Sub{c: c, quit: make(chan struct{})}
	return s, nil
}

func (s *Sub) Close() {
	s.once.Do(func() {
		close(s.quit)
		s.c.Close()
	})
}

func (s *Sub) Each(f func(string)) error {
	sc := bufio.NewScanner(s.c)
	for sc.Scan() {
		f(sc.Text())
	}
	return sc.Err()
}

func Tail(ctx context.Context, addr string, f func(string)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := Open(ctx, addr)
	if err != nil {
		return err
	}
	return s.Each(f)
}

func Head(ctx context.Context, addr string, f func(string)) error {
	s, err := Open(ctx, addr)
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Each(f)
}
