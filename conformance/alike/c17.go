package c17

// TLS wraps conn; closes through the wrapper
import (
	"context"
	"crypto/tls"
	"net"
)

func Dial(ctx context.Context, addr, host string) (net.Conn, error) {
	var d net.Dialer
	raw, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	tc := tls.Client(raw, &tls.Config{ServerName: host})
	if err := tc.HandshakeContext(ctx); err != nil {
		tc.Close()
		return nil, err
	}
	return tc, nil
}

func Probe(ctx context.Context, addr, host string) (uint16, error) {
	c, err := Dial(ctx, addr, host)
	if err != nil {
		return 0, err
	}
	defer func() { _ = c.Close() }()
	return c.(*tls.Conn).ConnectionState().Version, nil
}
