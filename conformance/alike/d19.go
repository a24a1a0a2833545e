package d19

// nil channel disables the send arm until there is something
import "sync"

type Unbounded[T any] struct {
	in, out chan T
	once    sync.Once
}

func New[T any]() *Unbounded[T] {
	u := &Unbounded[T]{in: make(chan T), out: make(chan T)}
	go u.run()
	return u
}

func (u *Unbounded[T]) run() {
	defer close(u.out)
	var buf []T
	in := u.in
	for in != nil || len(buf) > 0 {
		var out chan T
		var next T
		if len(buf) > 0 {
			out, next = u.out, buf[0]
		}
		select {
		case v, ok := <-in:
			if !ok {
				in = nil
				continue
			}
			buf = append(buf, v)
		case out <- next:
			buf = buf[1:]
		}
	}
}

func (u *Unbounded[T]) Close() { u.once.Do(func() { close(u.in) }) }

func Relay(vs []int, f func(int)) {
	u := New[int]()
	go func() {
		defer u.Close()
		for _, v := range vs {
			u.in <- v
		}
	}()
	for v := range u.out {
		f(v)
	}
}
