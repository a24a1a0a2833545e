package e09

// atomic pointer swap, closes the old one
import (
	"net"
	"sync/atomic"
)

type Client struct {
	addr string
	cur  atomic.Pointer[net.UDPConn]
}

func New(addr string) *Client { return &Client{addr: addr} }

func (c *Client) Reset() error {
	a, err := net.ResolveUDPAddr("udp", c.addr)
	if err != nil {
		return err
	}
	n, err := net.DialUDP("udp", nil, a)
	if err != nil {
		return err
	}
	if old := c.cur.Swap(n); old != nil {
		return old.Close()
	}
	return nil
}

func (c *Client) Ensure() (*net.UDPConn, error) {
	if u := c.cur.Load(); u != nil {
		return u, nil
	}
	a, err := net.ResolveUDPAddr("udp", c.addr)
	if err != nil {
		return nil, err
	}
	n, err := net.DialUDP("udp", nil, a)
	if err != nil {
		return nil, err
	}
	if !c.cur.CompareAndSwap(nil, n) {
		n.Close()
	}
	return c.cur.Load(), nil
}

func (c *Client) Close() {
	if old := c.cur.Swap(nil); old != nil {
		old.Close()
	}
}
