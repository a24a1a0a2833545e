package e06

// children tracked by the owner which closes them
import (
	"errors"
	"os"
	"sync"
)

type Dir struct {
	mu   sync.Mutex
	open map[*File]struct{}
	path string
}

type File struct {
	*os.File
	d *Dir
}

func OpenDir(p string) *Dir { return &Dir{path: p, open: map[*File]struct{}{}} }

func (d *Dir) Open(name string) (*File, error) {
	f, err := os.Open(d.path + "/" + name)
	if err != nil {
		return nil, err
	}
	x := &File{f, d}
	d.mu.Lock()
	d.open[x] = struct{}{}
	d.mu.Unlock()
	return x, nil
}

func (f *File) Close() error {
	f.d.mu.Lock()
	delete(f.d.open, f)
	f.d.mu.Unlock()
	return f.File.Close()
}

func (d *Dir) Close() error {
	d.mu.Lock()
	all := d.open
	d.open = nil
	d.mu.Unlock()
	var err error
	for f := range all {
		err = errors.Join(err, f.File.Close())
	}
	return err
}

func Sizes(path string, names []string) (t int64, err error) {
	d := OpenDir(path)
	defer d.Close()
	for _, n := range names {
		f, err := d.Open(n)
		if err != nil {
			return 0, err
		}
		st, err := f.Stat()
		if err != nil {
			return 0, err
		}
		t += st.Size()
		if len(names) > 100 {
			f.Close()
		}
	}
	return t, nil
}

func One(d *Dir, n string) (int64, error) {
	f, err := d.Open(n)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return st.Size(), nil
}
