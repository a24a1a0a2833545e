// Each failure takes the entry out, and so does success.
package delete_in_each_failure

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
		delete(pending, i)
		return err
	}
	if err := send(i + 1); err != nil {
		delete(pending, i)
		return err
	}
	delete(pending, i)
	return nil
}

func Step(i int) { _ = call(i) }
