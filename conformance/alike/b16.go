package b16

// interface with lock-taking methods; two types; wrapper locks own mutex and calls inner
import "sync"

type Store interface {
	Get(string) (string, bool)
	Set(string, string)
}

type Mem struct {
	mu sync.Mutex
	m  map[string]string
}

func (m *Mem) Get(k string) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.m[k]
	return v, ok
}

func (m *Mem) Set(k, v string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.m[k] = v
}

type Layer struct {
	mu    sync.Mutex
	over  map[string]string
	inner Store
}

func (l *Layer) Get(k string) (string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v, ok := l.over[k]; ok {
		return v, true
	}
	return l.inner.Get(k)
}

func (l *Layer) Set(k, v string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over[k] = v
}

func (l *Layer) Commit() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for k, v := range l.over {
		l.inner.Set(k, v)
	}
	clear(l.over)
}

func NewMem() *Mem                { return &Mem{m: map[string]string{}} }
func NewLayer(inner Store) *Layer { return &Layer{over: map[string]string{}, inner: inner} }

func Nested() Store {
	return NewLayer(NewLayer(NewMem()))
}
