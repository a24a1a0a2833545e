package f08

// count first, then as many sends; atomics
func Pick(fs []func() int) int {
	n := 0
	for _, f := range fs {
		if f != nil {
			n++
		}
	}
	if n == 0 {
		return 0
	}
	c := make(chan int, n)
	for _, f := range fs {
		if f == nil {
			continue
		}
		go func() { c <- f() }()
	}
	return <-c
}
