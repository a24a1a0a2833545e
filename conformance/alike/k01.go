package k01

import (
	"fmt"
	"os"
)

func w1(err error) error {
	if err != nil {
		return fmt.Errorf("x: %w", err)
	}
	return nil
}

func w2(err error) error { // same value returned
	if err == nil {
		return nil
	}
	return err
}

func w3(err *error) {
	if *err != nil {
		*err = fmt.Errorf("x: %w", *err)
	}
}

func K1(name string) error {
	f, err := os.Open(name)
	if err := w1(err); err != nil {
		return err
	}
	return f.Close()
}

func K2(name string) error {
	f, err := os.Open(name)
	if err := w2(err); err != nil {
		return err
	}
	return f.Close()
}

func K3(name string) error {
	f, err := os.Open(name)
	w3(&err)
	if err != nil {
		return err
	}
	return f.Close()
}

func K4(name string) (f *os.File, err error) {
	defer w3(&err)
	f, err = os.Open(name)
	if err != nil {
		return nil, err
	}
	if _, err = f.Stat(); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
