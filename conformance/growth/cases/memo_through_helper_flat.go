// Names are converted once each; a helper remembers them.
package memo_through_helper

import "strings"

type converter struct{ known map[string]string }

var names = converter{known: map[string]string{}}

func (c *converter) remember(name, converted string) string {
	c.known[name] = converted
	return converted
}

func (c *converter) convert(name string) string {
	converted, ok := c.known[name]
	if !ok {
		converted = c.remember(name, strings.ToLower(name))
	}
	return converted
}

var fields = []string{"SourceAddress", "SourcePort", "Protocol"}

func Step(i int) { names.convert(fields[i%len(fields)]) }
