// As many entries as the enumeration has values.
package memo_over_enum

type color int

const (
	red color = iota
	green
	blue
)

var names = map[color]*[64]byte{}

func Step(i int) {
	c := []color{red, green, blue}[i%3]
	if names[c] == nil {
		names[c] = new([64]byte)
	}
}
