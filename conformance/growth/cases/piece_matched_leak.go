// What a regular expression finds in a whole file is stored, and keeps the file.
package piece_matched

import (
	"io"
	"regexp"
	"strings"
)

var (
	version  = regexp.MustCompile(`v[0-9]+`)
	versions = map[int]string{}
)

func learn(i int, r io.Reader) {
	data, _ := io.ReadAll(r)
	versions[i%30000] = version.FindString(string(data))
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

func Step(i int) { in <- strings.NewReader("v1 " + strings.Repeat("x", 300)) }
