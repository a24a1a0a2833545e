// Filled while the program starts.
package registry_at_init

var codecs = map[string]func(int) int{}

func register(name string, f func(int) int) { codecs[name] = f }

func init() {
	register("inc", func(i int) int { return i + 1 })
	register("dec", func(i int) int { return i - 1 })
}

func Step(i int) { codecs["inc"](i) }
