// Methods of short-lived objects are registered and never unregistered.
package methods_registered

type bus struct{ on []func(int) }

var events = &bus{}

func (b *bus) Subscribe(f func(int)) { b.on = append(b.on, f) }
func (b *bus) emit(n int) {
	for _, f := range b.on {
		if n < 0 {
			f(n)
		}
	}
}

type job struct{ data [8]int }

func (j *job) seen(n int) { j.data[0] += n }

func Step(i int) {
	j := &job{}
	events.Subscribe(j.seen)
	events.emit(i)
}
