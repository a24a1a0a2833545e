package f16leak

// reference counted shared resource
import (
	"os"
	"sync"
)

type shared struct {
	f    *os.File
	refs int
}

type Files struct {
	mu sync.Mutex
	m  map[string]*shared
}

func New() *Files { return &Files{m: map[string]*shared{}} }

func (x *Files) Get(name string) (*os.File, func() error, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	s := x.m[name]
	if s == nil {
		f, err := os.Open(name)
		if err != nil {
			return nil, nil, err
		}
		s = &shared{f: f}
		x.m[name] = s
	}
	s.refs++
	return s.f, func() error { return x.put(name, s) }, nil
}

func (x *Files) put(name string, s *shared) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if s.refs--; s.refs > 0 {
		return nil
	}
	delete(x.m, name)
	return s.f.Close()
}

func (x *Files) Read(name string, off int64, b []byte) (n int, err error) {
	f, put, err := x.Get(name)
	if err != nil {
		return 0, err
	}
	n, err = f.ReadAt(b, off)
	if err != nil {
		return n, err
	}
	return n, put()
}
