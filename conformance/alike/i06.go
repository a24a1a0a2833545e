package i06

// object whose worker ends when its input is closed by the producer goroutine
type Conv struct {
	in  chan int
	out chan string
}

func New(f func(int) string) *Conv {
	c := &Conv{in: make(chan int), out: make(chan string)}
	go func() {
		defer close(c.out)
		for v := range c.in {
			c.out <- f(v)
		}
	}()
	return c
}

func (c *Conv) Feed(vs []int) {
	defer close(c.in)
	for _, v := range vs {
		c.in <- v
	}
}

func All(vs []int, f func(int) string) (out []string) {
	c := New(f)
	go c.Feed(vs)
	for s := range c.out {
		out = append(out, s)
	}
	return
}
