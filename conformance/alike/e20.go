package e20

// ctx-aware lock by channel; nested use by TryAcquire
import "context"

type Mutex struct{ c chan struct{} }

func NewMutex() Mutex { return Mutex{make(chan struct{}, 1)} }

func (m Mutex) Lock(ctx context.Context) error {
	select {
	case m.c <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (m Mutex) Unlock() { <-m.c }

type Doc struct {
	m    Mutex
	body []byte
}

func New() *Doc { return &Doc{m: NewMutex()} }

func (d *Doc) Edit(ctx context.Context, f func([]byte) ([]byte, error)) error {
	if err := d.m.Lock(ctx); err != nil {
		return err
	}
	defer d.m.Unlock()
	b, err := f(d.body)
	if err != nil {
		return err
	}
	d.body = b
	return nil
}
