// Each session has a bus of its own: what would unsubscribe from it is not needed.
package registered_with_own_bus

type bus struct {
	subs map[int]func(int)
	next int
}

func (b *bus) subscribe(f func(int)) func() {
	b.next++
	id := b.next
	b.subs[id] = f
	return func() { delete(b.subs, id) }
}

func (b *bus) publish(v int) {
	for _, f := range b.subs {
		f(v)
	}
}

type session struct{ last int }

func handle(i int) {
	b := &bus{subs: map[int]func(int){}}
	s := &session{}
	b.subscribe(func(v int) { s.last = v })
	b.publish(i)
}

func Step(i int) { handle(i) }
