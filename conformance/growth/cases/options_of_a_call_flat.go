// The map belongs to the caller's options: it dies with the call, entry or not.
package options_of_a_call

import "errors"

type options struct{ labels map[string]*[256]byte }

var errDown = errors.New("down")

func start(i int, opts options) (int, error) {
	if i%2 == 0 {
		return 0, errDown
	}
	return len(opts.labels), nil
}

func upload(i int, opts options) error {
	if opts.labels == nil {
		opts.labels = map[string]*[256]byte{}
	}
	opts.labels["sum"] = new([256]byte)
	if _, err := start(i, opts); err != nil {
		return err
	}
	delete(opts.labels, "sum")
	return nil
}

func Step(i int) { _ = upload(i, options{}) }
