package h02

// chained channels: each goroutine wakes the next
func Chain(fs []func()) {
	prev := make(chan struct{})
	close(prev)
	for _, f := range fs {
		next := make(chan struct{})
		go func(wait <-chan struct{}, done chan<- struct{}) {
			<-wait
			f()
			close(done)
		}(prev, next)
		prev = next
	}
	<-prev
}
