package g01

// error helper as a method, as pointer, panicking
import (
	"fmt"
	"net"
	"os"
)

type Store struct{ dir string }

func (s *Store) wrap(err *error, name string) bool {
	if *err == nil {
		return true
	}
	*err = fmt.Errorf("%s/%s: %w", s.dir, name, *err)
	return false
}

func (s *Store) Size(name string) (n int64, err error) {
	f, err := os.Open(s.dir + "/" + name)
	if !s.wrap(&err, name) {
		return 0, err
	}
	defer f.Close()
	st, err := f.Stat()
	if !s.wrap(&err, name) {
		return 0, err
	}
	return st.Size(), nil
}

type failure struct{ error }

func try[T any](v T, err error) T {
	if err != nil {
		panic(failure{err})
	}
	return v
}

func handle(err *error) {
	switch p := recover().(type) {
	case nil:
	case failure:
		*err = p.error
	default:
		panic(p)
	}
}

func Remote(addr string) (s string, err error) {
	defer handle(&err)
	c := try(net.Dial("tcp", addr))
	defer c.Close()
	b := make([]byte, 64)
	n := try(c.Read(b))
	return string(b[:n]), nil
}
