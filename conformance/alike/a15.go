package a15

// context.AfterFunc interrupts a blocking read
import (
	"context"
	"net"
	"time"
)

func ReadCtx(ctx context.Context, c net.Conn, b []byte) (int, error) {
	stop := context.AfterFunc(ctx, func() {
		c.SetReadDeadline(time.Now())
	})
	n, err := c.Read(b)
	if !stop() {
		c.SetReadDeadline(time.Time{})
		return n, ctx.Err()
	}
	return n, err
}
