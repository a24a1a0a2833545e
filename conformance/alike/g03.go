package g03

// broadcast by close & replace, waiter without context
import "sync"

type Seq struct {
	mu  sync.Mutex
	n   int
	chg chan struct{}
}

func New() *Seq { return &Seq{chg: make(chan struct{})} }

func (s *Seq) Step() {
	s.mu.Lock()
	s.n++
	old := s.chg
	s.chg = make(chan struct{})
	s.mu.Unlock()
	close(old)
}

func (s *Seq) Wait(n int) {
	for {
		s.mu.Lock()
		cur, c := s.n, s.chg
		s.mu.Unlock()
		if cur >= n {
			return
		}
		<-c
	}
}

func Run(n int, f func(int)) {
	s := New()
	for i := range n {
		go func() {
			s.Wait(i)
			f(i)
			s.Step()
		}()
	}
	s.Wait(n)
}
