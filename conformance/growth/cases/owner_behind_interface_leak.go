// The owner of a growing map lies behind a field of an interface type.
package owner_behind_interface

type store interface{ hold(k int, v string) }

type memory struct{ all map[int]string }

func (m *memory) hold(k int, v string) { m.all[k] = v }

type app struct{ s store }

var current = newApp()

func newApp() *app { return &app{s: &memory{all: map[int]string{}}} }

func Step(i int) { current.s.hold(i, "x") }
