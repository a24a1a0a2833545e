package j06

// layered writer: closing the top closes the bottom through an interface
import (
	"bufio"
	"errors"
	"io"
	"os"
)

type bufCloser struct {
	*bufio.Writer
	under io.Closer
}

func (b bufCloser) Close() error { return errors.Join(b.Flush(), b.under.Close()) }

type Out struct {
	file *os.File
	top  io.WriteCloser
	n    int
}

func Create(name string) (*Out, error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	o := &Out{file: f}
	o.top = bufCloser{bufio.NewWriter(f), f}
	return o, nil
}

func (o *Out) Add(b []byte) error {
	n, err := o.top.Write(b)
	o.n += n
	return err
}

func (o *Out) Name() string { return o.file.Name() }
func (o *Out) Close() error { return o.top.Close() }

func Dump(name string, bs ...[]byte) (err error) {
	o, err := Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.Close()) }()
	for _, b := range bs {
		if err := o.Add(b); err != nil {
			return err
		}
	}
	return nil
}
