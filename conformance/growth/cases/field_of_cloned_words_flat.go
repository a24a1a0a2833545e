// One word of each text is copied and kept in a field.
package field_of_cloned_words

import (
	"bytes"
	"strings"
	"sync"
)

type index struct {
	mu    sync.Mutex
	words []string
}

var theIndex index

func (x *index) add(in *strings.Reader) {
	var b bytes.Buffer
	b.ReadFrom(in)
	text := string(b.Bytes())
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.words) == 1000 {
		x.words = nil
	}
	x.words = append(x.words, strings.Clone(strings.Fields(text)[0]))
}

func serve(in chan *strings.Reader) {
	for r := range in {
		theIndex.add(r)
	}
}

func Step(i int) {
	n := 1
	if i >= 39000 {
		n = 1 << 10
	}
	in := make(chan *strings.Reader, 1)
	in <- strings.NewReader("word " + strings.Repeat("x", n))
	close(in)
	serve(in)
}
