package c06leak

// rotating log: the current file is closed when replaced
import (
	"os"
	"strconv"
	"sync"
)

type Rotator struct {
	mu   sync.Mutex
	f    *os.File
	size int
	n    int
	base string
}

func New(base string) *Rotator { return &Rotator{base: base} }

func (r *Rotator) rotate() error {
	f, err := os.Create(r.base + strconv.Itoa(r.n))
	if err != nil {
		return err
	}
	r.n++
	r.f, r.size = f, 0
	return nil
}

func (r *Rotator) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.f == nil || r.size+len(b) > 1<<20 {
		if err := r.rotate(); err != nil {
			return 0, err
		}
	}
	n, err := r.f.Write(b)
	r.size += n
	return n, err
}

func (r *Rotator) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.f == nil {
		return nil
	}
	err := r.f.Close()
	r.f = nil
	return err
}
