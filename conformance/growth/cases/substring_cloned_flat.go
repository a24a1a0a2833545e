// A word of each document is copied.
package substring_cloned

import (
	"io"
	"strings"
)

var titles = map[int]string{}

func index(id int, body io.Reader) error {
	data, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	text := string(data)
	titles[id] = strings.Clone(text[:8])
	return nil
}

func forget(id int) { delete(titles, id) }

func Step(i int) {
	if i < 30000 || i >= 30100 {
		forget(i)
		return
	}
	if err := index(i, strings.NewReader(strings.Repeat("document", 1<<13))); err != nil {
		panic(err)
	}
}
