package b12

// bidirectional proxy
import (
	"io"
	"net"
	"sync"
)

func Proxy(a net.Conn, addr string) error {
	defer a.Close()
	b, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer b.Close()
	errc := make(chan error, 2)
	cp := func(dst, src net.Conn) {
		_, err := io.Copy(dst, src)
		errc <- err
	}
	go cp(a, b)
	go cp(b, a)
	return <-errc
}

func ProxyHalf(a, b net.Conn) {
	var wg sync.WaitGroup
	half := func(dst, src net.Conn) {
		defer wg.Done()
		io.Copy(dst, src)
		if t, ok := dst.(*net.TCPConn); ok {
			t.CloseWrite()
		} else {
			dst.Close()
		}
	}
	wg.Add(2)
	go half(a, b)
	go half(b, a)
	wg.Wait()
	a.Close()
	b.Close()
}
