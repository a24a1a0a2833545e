package k04

// Close closes the file through a part that owns it (bufio reader + closer struct)
import (
	"io"
	"os"
)

type part struct {
	io.Reader
	io.Closer
}

type Src struct {
	f *os.File
	p part
}

func Open(name string, n int64) (*Src, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return &Src{f: f, p: part{io.LimitReader(f, n), f}}, nil
}

func (s *Src) Read(b []byte) (int, error) { return s.p.Read(b) }
func (s *Src) Name() string               { return s.f.Name() }
func (s *Src) Close() error               { return s.p.Close() }
