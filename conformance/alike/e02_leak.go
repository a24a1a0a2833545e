package e02leak

// buffers computed
import "errors"

func A(ms map[string]func() error) error {
	c := make(chan error, len(ms))
	for _, f := range ms {
		go func() { c <- f() }()
	}
	for range ms {
		if err := <-c; err != nil {
			return err
		}
	}
	return nil
}

func B(xs, ys []func() error) error {
	c := make(chan error, len(xs))
	run := func(fs []func() error) {
		for _, f := range fs {
			go func() { c <- f() }()
		}
	}
	run(xs)
	run(ys)
	for range len(xs) + len(ys) {
		if err := <-c; err != nil {
			return err
		}
	}
	return nil
}

func C(fs []func() error) error {
	n := 0
	for _, f := range fs {
		if f != nil {
			n++
		}
	}
	c := make(chan error, n)
	for _, f := range fs {
		if f == nil {
			continue
		}
		go func() { c <- f() }()
	}
	for ; n > 0; n-- {
		if err := <-c; err != nil {
			return err
		}
	}
	return nil
}

func D(f, g func() error) error {
	c := make(chan error, max(1, 2))
	go func() {
		defer func() {
			if recover() != nil {
				c <- errors.New("panic")
			}
		}()
		if err := f(); err != nil {
			c <- err
			return
		}
		c <- g()
	}()
	return <-c
}
