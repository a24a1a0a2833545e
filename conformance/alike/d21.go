package d21

// returns with the lock held only on success (by agreement)
import (
	"errors"
	"sync"
)

type Entry struct {
	mu   sync.Mutex
	dead bool
	val  int
}

type Cache struct {
	mu sync.Mutex
	m  map[string]*Entry
}

func New() *Cache { return &Cache{m: map[string]*Entry{}} }

var ErrGone = errors.New("gone")

func (c *Cache) acquire(k string) (*Entry, error) {
	c.mu.Lock()
	e, ok := c.m[k]
	c.mu.Unlock()
	if !ok {
		return nil, ErrGone
	}
	e.mu.Lock()
	if e.dead {
		e.mu.Unlock()
		return nil, ErrGone
	}
	return e, nil
}

func (c *Cache) Update(k string, f func(int) (int, error)) error {
	e, err := c.acquire(k)
	if err != nil {
		return err
	}
	defer e.mu.Unlock()
	v, err := f(e.val)
	if err != nil {
		return err
	}
	e.val = v
	return nil
}

func (c *Cache) Kill(k string) error {
	e, err := c.acquire(k)
	if err != nil {
		return err
	}
	e.dead = true
	e.mu.Unlock()
	c.mu.Lock()
	delete(c.m, k)
	c.mu.Unlock()
	return nil
}
