package g09leak

// embedded lifecycle type with start/stop, generic
import "sync"

type service struct {
	quit chan struct{}
	wg   sync.WaitGroup
	once sync.Once
}

func (s *service) spawn(f func(quit <-chan struct{})) {
	s.once.Do(func() { s.quit = make(chan struct{}) })
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		f(s.quit)
	}()
}

func (s *service) Halt() {
	s.once.Do(func() { s.quit = make(chan struct{}) })
	close(s.quit)
	s.wg.Wait()
}

type Adder struct {
	service
	in  chan int
	sum int
}

func NewAdder() *Adder {
	a := &Adder{in: make(chan int)}
	a.spawn(a.loop)
	return a
}

func (a *Adder) loop(quit <-chan struct{}) {
	for {
		select {
		case v := <-a.in:
			a.sum += v
		case <-quit:
			return
		}
	}
}

func Sum(vs []int) int {
	a := NewAdder()
	for _, v := range vs {
		if v < 0 {
			return -1
		}
		a.in <- v
	}
	a.Halt()
	return a.sum
}
