package g11leak

// two-step start: Start returns error and undoes; fields
import (
	"errors"
	"net"
	"os"
)

type Daemon struct {
	ln  net.Listener
	pid *os.File
}

func (d *Daemon) Start(addr, pid string) (err error) {
	undo := []func() error{}
	defer func() {
		if err != nil {
			for _, u := range undo {
				err = errors.Join(err, u())
			}
		}
	}()
	if d.ln, err = net.Listen("tcp", addr); err != nil {
		return err
	}
	if d.pid, err = os.Create(pid); err != nil {
		return err
	}
	undo = append(undo, d.pid.Close)
	_, err = d.pid.WriteString("1")
	return err
}

func (d *Daemon) Stop() error { return errors.Join(d.ln.Close(), d.pid.Close()) }

func Run(addr, pid string, f func(net.Listener) error) error {
	var d Daemon
	if err := d.Start(addr, pid); err != nil {
		return err
	}
	err := f(d.ln)
	return errors.Join(err, d.Stop())
}
