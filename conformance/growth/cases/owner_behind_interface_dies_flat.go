// The owner behind a field of an interface type is made anew with each call.
package owner_behind_interface_dies

type store interface{ carry(k int, v string) }

type memory struct{ all map[int]string }

func (m *memory) carry(k int, v string) { m.all[k] = v }

type app struct{ s store }

func Step(i int) {
	a := &app{s: &memory{all: map[int]string{}}}
	a.s.carry(i, "x")
}
