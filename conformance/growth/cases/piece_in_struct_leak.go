// A struct that is kept has four bytes of all that was read.
package piece_in_struct

import (
	"io"
	"strings"
)

type meta struct{ magic []byte }

var metas = map[int]*meta{}

func load(i int, r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if len(metas) < 100000 {
		metas[i] = &meta{magic: b[:4]}
	}
	return nil
}
func Step(i int) {
	if i >= 20000 && i < 20100 {
		_ = load(i, strings.NewReader(strings.Repeat("x", 5000)))
	}
}
