package c23

// iterator closes itself at the end like sql.Rows; early exit closes explicitly
import (
	"bufio"
	"os"
)

type Rows struct {
	f  *os.File
	sc *bufio.Scanner
}

func Query(name string) (*Rows, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return &Rows{f, bufio.NewScanner(f)}, nil
}

func (r *Rows) Next() bool {
	if r.sc.Scan() {
		return true
	}
	r.Close()
	return false
}

func (r *Rows) Text() string { return r.sc.Text() }
func (r *Rows) Close() error { return r.f.Close() }

func Count(name string) (n int, err error) {
	r, err := Query(name)
	if err != nil {
		return 0, err
	}
	for r.Next() {
		n++
	}
	return n, nil
}

func Find(name, want string) (bool, error) {
	r, err := Query(name)
	if err != nil {
		return false, err
	}
	for r.Next() {
		if r.Text() == want {
			return true, r.Close()
		}
	}
	return false, nil
}
