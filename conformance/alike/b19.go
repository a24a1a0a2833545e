package b19

// gzip + file: closes composed; error path uses defer of both
import (
	"compress/gzip"
	"errors"
	"io"
	"os"
)

type gzFile struct {
	*gzip.Reader
	f *os.File
}

func (g *gzFile) Close() error { return errors.Join(g.Reader.Close(), g.f.Close()) }

func Open(name string) (io.ReadCloser, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	zr, err := gzip.NewReader(f)
	switch {
	case errors.Is(err, gzip.ErrHeader):
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return f, nil
	case err != nil:
		return nil, errors.Join(err, f.Close())
	}
	return &gzFile{zr, f}, nil
}

func Len(name string) (int64, error) {
	r, err := Open(name)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(io.Discard, r)
	return n, errors.Join(err, r.Close())
}
