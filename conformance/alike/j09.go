package j09

// mutex-protected resource replaced on error only after closing in callee
import (
	"errors"
	"net"
	"sync"
)

type Link struct {
	mu   sync.Mutex
	c    net.Conn
	dial func() (net.Conn, error)
}

func New(dial func() (net.Conn, error)) *Link { return &Link{dial: dial} }

func (l *Link) conn() (net.Conn, error) {
	if l.c != nil {
		return l.c, nil
	}
	c, err := l.dial()
	if err != nil {
		return nil, err
	}
	l.c = c
	return c, nil
}

func (l *Link) broken(c net.Conn, err error) error {
	if ne := net.Error(nil); errors.As(err, &ne) && ne.Timeout() {
		return err
	}
	if l.c == c {
		l.c = nil
	}
	return errors.Join(err, c.Close())
}

func (l *Link) Send(b []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, err := l.conn()
	if err != nil {
		return err
	}
	if _, err := c.Write(b); err != nil {
		return l.broken(c, err)
	}
	return nil
}

func (l *Link) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.c == nil {
		return nil
	}
	c := l.c
	l.c = nil
	return c.Close()
}
