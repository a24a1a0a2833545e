// The word in front of the first space of a whole file is stored, and keeps the file.
package piece_before_separator

import (
	"io"
	"strings"
)

var names = map[int]string{}

func learn(i int, r io.Reader) {
	data, _ := io.ReadAll(r)
	name, _, _ := strings.Cut(string(data), " ")
	names[i%30000] = name
}

func serve(in chan io.Reader) {
	i := 0
	for r := range in {
		i++
		learn(i, r)
	}
}

var in = make(chan io.Reader, 1)

func init() { go serve(in) }

func Step(i int) { in <- strings.NewReader("a " + strings.Repeat("x", 300)) }
