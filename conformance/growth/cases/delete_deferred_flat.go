// A defer takes the entry out on every way.
package delete_deferred

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
	defer delete(pending, i)
	if err := send(i); err != nil {
		return err
	}
	return nil
}

func Step(i int) { _ = call(i) }
