package c01

// replaced connection is retired after a grace period
import (
	"net"
	"sync"
	"time"
)

type Link struct {
	mu   sync.Mutex
	cur  net.Conn
	addr string
}

func New(addr string) *Link { return &Link{addr: addr} }

func retire(c net.Conn) {
	if c == nil {
		return
	}
	time.AfterFunc(5*time.Second, func() { c.Close() })
}

func (l *Link) Reconnect() error {
	c, err := net.Dial("tcp", l.addr)
	if err != nil {
		return err
	}
	l.mu.Lock()
	c, l.cur = l.cur, c
	l.mu.Unlock()
	retire(c)
	return nil
}

func (l *Link) Send(b []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cur == nil {
		return net.ErrClosed
	}
	_, err := l.cur.Write(b)
	return err
}

func (l *Link) Close() {
	l.mu.Lock()
	c := l.cur
	l.cur = nil
	l.mu.Unlock()
	if c != nil {
		c.Close()
	}
}
