package f04leak

// lock released by closure in struct via once
import "sync"

type guard struct {
	once sync.Once
	un   func()
}

func (g *guard) Release() { g.once.Do(g.un) }

type Tab struct {
	mu sync.Mutex
	m  map[string]int
}

func New() *Tab { return &Tab{m: map[string]int{}} }

func (t *Tab) guard() *guard {
	t.mu.Lock()
	return &guard{un: t.mu.Unlock}
}

func (t *Tab) Update(k string, f func(int) (int, error)) error {
	g := t.guard()
	v, err := f(t.m[k])
	if err != nil {
		return err
	}
	t.m[k] = v
	g.Release()
	return nil
}

func (t *Tab) Inline(k string, f func(int) error) error {
	t.mu.Lock()
	var once sync.Once
	un := func() { once.Do(t.mu.Unlock) }
	defer un()
	v := t.m[k]
	un()
	return f(v)
}
