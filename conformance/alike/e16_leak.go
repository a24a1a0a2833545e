package e16leak

// counter lowered by the handle's close on failure
import (
	"errors"
	"sync"
)

type Lim struct {
	mu     sync.Mutex
	active int
	max    int
}

type Lease struct {
	l    *Lim
	once sync.Once
}

var ErrBusy = errors.New("busy")

func New(n int) *Lim { return &Lim{max: n} }

func (l *Lim) Lease() (*Lease, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.active >= l.max {
		return nil, ErrBusy
	}
	l.active++
	return &Lease{l: l}, nil
}

func (x *Lease) Release() {
	x.once.Do(func() {
		x.l.mu.Lock()
		x.l.active--
		x.l.mu.Unlock()
	})
}

func (l *Lim) Run(prep, f func() error) (err error) {
	x, err := l.Lease()
	if err != nil {
		return err
	}
	if err := prep(); err != nil {
		return err
	}
	go func() {
		defer x.Release()
		_ = f()
	}()
	return nil
}
