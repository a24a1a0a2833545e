package a14

// stop through closing the connection
import (
	"bufio"
	"context"
	"net"
)

type Conn struct {
	c    net.Conn
	msgs chan string
	done chan struct{}
}

func Dial(ctx context.Context, addr string) (*Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	conn := &Conn{c: c, msgs: make(chan string, 16), done: make(chan struct{})}
	go conn.read()
	return conn, nil
}

func (c *Conn) read() {
	defer close(c.msgs)
	sc := bufio.NewScanner(c.c)
	for sc.Scan() {
		select {
		case c.msgs <- sc.Text():
		case <-c.done:
			return
		}
	}
}

func (c *Conn) Messages() <-chan string { return c.msgs }

func (c *Conn) Close() error {
	close(c.done)
	return c.c.Close()
}

func Hello(ctx context.Context, addr string) (string, error) {
	c, err := Dial(ctx, addr)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if _, err := c.c.Write([]byte("hello\n")); err != nil {
		return "", err
	}
	select {
	case m := <-c.Messages():
		return m, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
