package f20

// one goroutine closes stop, consumer reads until both; wait via select loop count
import "time"

func Probe(fs []func() bool, d time.Duration) (ok int) {
	res := make(chan bool)
	stop := make(chan struct{})
	for _, f := range fs {
		go func() {
			r := f()
			select {
			case res <- r:
			case <-stop:
			}
		}()
	}
	defer close(stop)
	t := time.NewTimer(d)
	defer t.Stop()
	for range fs {
		select {
		case r := <-res:
			if r {
				ok++
			}
		case <-t.C:
			return
		}
	}
	return
}
