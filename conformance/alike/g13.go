package g13

// lease: file lock retry loop, temp opened file retried on EAGAIN
import (
	"errors"
	"os"
	"syscall"
	"time"
)

func LockFile(name string, tries int) (*os.File, error) {
	for range tries {
		f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, err
		}
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, err
		}
		time.Sleep(time.Millisecond)
	}
	return nil, os.ErrDeadlineExceeded
}

func With(name string, f func() error) (err error) {
	lf, err := LockFile(name, 10)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, syscall.Flock(int(lf.Fd()), syscall.LOCK_UN), lf.Close())
	}()
	return f()
}
