package e01leak

// error told apart by helpers
import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
)

func wrap(err error, op string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", op, err)
}

func failed(err error) bool {
	if err != nil {
		log.Print(err)
		return true
	}
	return false
}

func A(name string) (int64, error) {
	f, err := os.Open(name)
	if err := wrap(err, "open"); err != nil {
		return 0, err
	}
	defer f.Close()
	return io.Copy(io.Discard, f)
}

func B(name string) int64 {
	f, err := os.Open(name)
	if failed(err) {
		return 0
	}
	n, err := io.Copy(io.Discard, f)
	if failed(cmp.Or(err, f.Close())) {
		return 0
	}
	return n
}

func C(a, b string) (n int64, err error) {
	fa, err1 := os.Open(a)
	fb, err2 := os.Open(b)
	if fa != nil {
		defer fa.Close()
	}
	if err := errors.Join(err1, err2); err != nil {
		return 0, err
	}
	defer fb.Close()
	return io.Copy(fb, fa)
}

func D(name string) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	_, err = w.WriteString(name)
	err = errors.Join(err, w.Close())
	if err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	return errors.Join(err, r.Close())
}
