package i10

// ring of two buffers passed between two goroutines; both ends by close
import "io"

func Pump(dst io.Writer, src io.Reader) (err error) {
	free, full := make(chan []byte, 2), make(chan []byte, 2)
	free <- make([]byte, 4096)
	free <- make([]byte, 4096)
	rerr := make(chan error, 1)
	go func() {
		defer close(full)
		for b := range free {
			n, err := src.Read(b[:cap(b)])
			if n > 0 {
				full <- b[:n]
			} else {
				free <- b
			}
			if err != nil {
				rerr <- err
				return
			}
		}
		rerr <- nil
	}()
	for b := range full {
		if _, err = dst.Write(b); err != nil {
			break
		}
		free <- b
	}
	if err != nil {
		close(free)
		for range full {
		}
		return err
	}
	if err = <-rerr; err == io.EOF {
		err = nil
	}
	return err
}
