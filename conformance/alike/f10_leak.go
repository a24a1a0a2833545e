package f10leak

// pending counter: sends counted, receives counted
func Process(in []int, limit int, f func(int) int) (out []int) {
	res := make(chan int)
	pending := 0
	for _, v := range in {
		if pending == limit {
			out = append(out, <-res)
			pending--
		}
		pending++
		go func() { res <- f(v) }()
	}
	for ; pending > 1; pending-- {
		out = append(out, <-res)
	}
	return out
}
