package k02

import "os"

type c struct{ errs int }

// pure method
func (x c) good(err error) bool { return err == nil }

// counter method, returns after
func (x *c) bad(err error) bool {
	if err != nil {
		x.errs++
		return true
	}
	return false
}

var count int

func fine(err error) bool {
	if err != nil {
		count++
	}
	return err == nil
}

func P1(name string) {
	var x c
	f, err := os.Open(name)
	if !x.good(err) {
		return
	}
	defer f.Close()
}

func P2(name string, x *c) {
	f, err := os.Open(name)
	if x.bad(err) {
		return
	}
	defer f.Close()
}

func P3(name string) {
	f, err := os.Open(name)
	if !fine(err) {
		return
	}
	defer f.Close()
}
