package e05leak

// slot goes to the returned handle
import (
	"context"
	"net"
	"sync"
)

type Handle struct {
	net.Conn
	once sync.Once
	rel  func()
}

func (h *Handle) Close() error {
	h.once.Do(h.rel)
	if h.Conn == nil {
		return nil
	}
	return h.Conn.Close()
}

type Dialer struct {
	slots chan struct{}
}

func New(n int) *Dialer { return &Dialer{slots: make(chan struct{}, n)} }

func (d *Dialer) Dial(ctx context.Context, addr string) (*Handle, error) {
	select {
	case d.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	h := &Handle{rel: func() { <-d.slots }}
	var nd net.Dialer
	c, err := nd.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	h.Conn = c
	return h, nil
}

func (d *Dialer) Ping(ctx context.Context, addr string) error {
	h, err := d.Dial(ctx, addr)
	if err != nil {
		return err
	}
	defer h.Close()
	_, err = h.Write([]byte("ping"))
	return err
}
