package b14

// connection pool with idle channel
import (
	"context"
	"errors"
	"net"
	"sync"
)

type Pool struct {
	mu     sync.Mutex
	idle   chan net.Conn
	addr   string
	closed bool
}

func New(addr string, n int) *Pool { return &Pool{addr: addr, idle: make(chan net.Conn, n)} }

var ErrClosed = errors.New("closed")

func (p *Pool) get(ctx context.Context) (net.Conn, error) {
	select {
	case c, ok := <-p.idle:
		if !ok {
			return nil, ErrClosed
		}
		return c, nil
	default:
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", p.addr)
}

func (p *Pool) put(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		c.Close()
		return
	}
	select {
	case p.idle <- c:
	default:
		c.Close()
	}
}

func (p *Pool) Do(ctx context.Context, f func(net.Conn) error) error {
	c, err := p.get(ctx)
	if err != nil {
		return err
	}
	if err := f(c); err != nil {
		c.Close()
		return err
	}
	p.put(c)
	return nil
}

func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.closed = true
	close(p.idle)
	for c := range p.idle {
		c.Close()
	}
}
