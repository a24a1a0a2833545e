package h11leak

// retryable step-by-step copy where the error var is joined
import (
	"errors"
	"io"
	"os"
)

func Copy(dst, src string) (err error) {
	in, err := os.Open(src)
	if err != nil {
		return err
	}
	out, err := os.Create(dst)
	if err != nil {
		return errors.Join(err, in.Close())
	}
	_, err = io.Copy(out, in)
	for _, c := range []io.Closer{out, in} {
		err = errors.Join(err, c.Close())
	}
	return err
}

func Pair(a, b string) (_, _ *os.File, err error) {
	fs := [2]*os.File{}
	for i, n := range []string{a, b} {
		if fs[i], err = os.Open(n); err != nil {
			return nil, nil, err
		}
	}
	return fs[0], fs[1], nil
}

func Diff(a, b string) (int64, error) {
	x, y, err := Pair(a, b)
	if err != nil {
		return 0, err
	}
	defer x.Close()
	defer y.Close()
	return io.Copy(io.Discard, io.MultiReader(x, y))
}
