// The owner behind a field of an interface type deletes what it was given.
package owner_behind_interface_deletes

type store interface {
	keep(k int, v string)
	forget(k int)
}

type memory struct{ all map[int]string }

func (m *memory) keep(k int, v string) { m.all[k] = v }
func (m *memory) forget(k int)         { delete(m.all, k) }

type app struct{ s store }

var current = newApp()

func newApp() *app { return &app{s: &memory{all: map[int]string{}}} }

func Step(i int) {
	current.s.keep(i, "x")
	current.s.forget(i)
}
