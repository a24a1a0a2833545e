package i02

// stop closes through a closer function kept in a field; part by part
import (
	"errors"
	"net"
	"os"
)

type Srv struct {
	ln      net.Listener
	log     *os.File
	onClose []func() error
}

func New(addr, log string) (*Srv, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	f, err := os.Create(log)
	if err != nil {
		ln.Close()
		return nil, err
	}
	s := &Srv{ln: ln, log: f}
	s.onClose = append(s.onClose, ln.Close, f.Close)
	return s, nil
}

func (s *Srv) Close() error {
	var errs []error
	for _, f := range s.onClose {
		errs = append(errs, f())
	}
	return errors.Join(errs...)
}

func (s *Srv) Log(line string) error {
	_, err := s.log.WriteString(line)
	return err
}

func (s *Srv) Addr() string { return s.ln.Addr().String() }
