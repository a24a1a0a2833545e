// The first one that asks puts the entry in and takes it out; the others wait for it, and may give up.
package taken_out_by_the_first

import "errors"

var (
	opening   = map[int]chan bool{}
	opened    = map[int]bool{}
	errClosed = errors.New("closed")
)

func open(key int, closed chan bool) error {
	wait, ok := opening[key]
	if !ok {
		wait = make(chan bool)
		opening[key] = wait
	}
	first := !ok
	if first {
		delete(opening, key)
		close(wait)
		if key%2 == 0 {
			return errors.New("no such key")
		}
		return nil
	}
	select {
	case <-closed:
		return errClosed
	case <-wait:
	}
	return nil
}

func Step(i int) { _ = open(i, nil) }
