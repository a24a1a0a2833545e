// A memo table under the names that the settings have.
package keys_from_settings

type backend struct{ name string }

var (
	names = []string{"a", "b", "c"}
	open  = map[string]*backend{}
)

func get(name string) *backend {
	b := open[name]
	if b == nil {
		b = &backend{name: name}
		open[name] = b
	}
	return b
}

func Step(i int) {
	for _, name := range names {
		get(name)
	}
}
