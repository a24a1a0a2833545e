package b06leak

// closer stack
import (
	"errors"
	"io"
	"net"
	"os"
)

type closers []io.Closer

func (c *closers) add(x io.Closer) { *c = append(*c, x) }

func (c closers) Close() error {
	var err error
	for i := len(c) - 1; i >= 0; i-- {
		err = errors.Join(err, c[i].Close())
	}
	return err
}

type App struct {
	closers
	log *os.File
	ln  net.Listener
}

func Start(logname, addr string) (*App, error) {
	a := &App{}
	f, err := os.OpenFile(logname, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	a.add(f)
	a.log = f
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	a.add(ln)
	a.ln = ln
	return a, nil
}
