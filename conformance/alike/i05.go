package i05

// goroutine with finite work waits on its object's gate, opened by the others
import "sync"

type Gate struct {
	once sync.Once
	c    chan struct{}
}

func NewGate() *Gate  { return &Gate{c: make(chan struct{})} }
func (g *Gate) Open() { g.once.Do(func() { close(g.c) }) }
func (g *Gate) Pass() { <-g.c }

func Start(fs []func(), ready func()) {
	g := NewGate()
	for _, f := range fs {
		go func() {
			g.Pass()
			f()
		}()
	}
	go func() {
		defer g.Open()
		ready()
	}()
}
