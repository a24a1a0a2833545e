package d09

// buffer exactly for the three goroutines of different statements; early return
import "errors"

func Check(dns, tcp, tls func() error) error {
	errc := make(chan error, 3)
	go func() { errc <- dns() }()
	go func() { errc <- tcp() }()
	if tls != nil {
		go func() { errc <- tls() }()
	} else {
		errc <- errors.New("no tls")
	}
	for range cap(errc) {
		if err := <-errc; err != nil {
			return err
		}
	}
	return nil
}
