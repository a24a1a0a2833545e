package g08leak

// happy eyeballs: unused winners closed
import (
	"context"
	"errors"
	"net"
)

func Dial(ctx context.Context, addrs []string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type res struct {
		net.Conn
		err error
	}
	out := make(chan res)
	back := make(chan struct{})
	defer close(back)
	for _, a := range addrs {
		go func() {
			var d net.Dialer
			c, err := d.DialContext(ctx, "tcp", a)
			select {
			case out <- res{c, err}:
			case <-back:
			}
		}()
	}
	var errs []error
	for range addrs {
		select {
		case r := <-out:
			if r.err == nil {
				return r.Conn, nil
			}
			errs = append(errs, r.err)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return nil, errors.Join(errs...)
}
