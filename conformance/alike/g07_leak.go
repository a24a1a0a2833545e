package g07leak

// result channel in struct, timer race, late result closed by a helper goroutine
import (
	"context"
	"net"
)

type dialed struct {
	c   net.Conn
	err error
}

func Dial(ctx context.Context, addr string, dial func(string) (net.Conn, error)) (net.Conn, error) {
	ch := make(chan dialed, 1)
	go func() {
		c, err := dial(addr)
		ch <- dialed{c, err}
	}()
	select {
	case d := <-ch:
		return d.c, d.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
