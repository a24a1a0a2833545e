// A struct that is kept has a copy of four bytes.
package piece_in_struct_cloned

import (
	"bytes"
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
	if len(metas) < 100 {
		metas[i] = &meta{magic: bytes.Clone(b[:4])}
	}
	return nil
}
func Step(i int) { _ = load(i, strings.NewReader("xxxxxxxxxxxxx")) }
