// The entry is taken out again, but not when sending fails.
package delete_missed

import "errors"

var (
	pending = map[int]*[64]byte{}
	errDown = errors.New("down")
)

func send(i int) error {
	if i%2 == 0 {
		return errDown
	}
	return nil
}

func call(i int) error {
	pending[i] = new([64]byte)
	if err := send(i); err != nil {
		return err
	}
	delete(pending, i)
	return nil
}

func Step(i int) { _ = call(i) }
