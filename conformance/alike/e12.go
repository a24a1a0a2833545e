package e12

// ping-pong in exact rounds
func Rounds(n int, f func(int) int) int {
	ping, pong := make(chan int), make(chan int)
	go func() {
		for range n {
			pong <- f(<-ping)
		}
	}()
	v := 0
	for range n {
		ping <- v
		v = <-pong
	}
	return v
}

func Alternate(n int, a, b func(int)) {
	ta, tb := make(chan int, 1), make(chan int, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range tb {
			b(i)
			if i+1 >= n {
				close(ta)
				return
			}
			ta <- i + 1
		}
	}()
	if n <= 0 {
		close(tb)
		<-done
		return
	}
	tb <- 0
	for i := range ta {
		a(i)
		if i+1 >= n {
			close(tb)
			break
		}
		tb <- i + 1
	}
	<-done
}
