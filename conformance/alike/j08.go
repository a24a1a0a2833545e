package j08

// object with turn-taking whose goroutines end by each other (g03 with stop method named Close-ish)
import "sync"

type Relay struct {
	mu sync.Mutex
	ch map[int]chan struct{}
}

func New() *Relay { return &Relay{ch: map[int]chan struct{}{}} }

func (r *Relay) at(i int) chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, ok := r.ch[i]
	if !ok {
		c = make(chan struct{})
		r.ch[i] = c
	}
	return c
}

func (r *Relay) Wait(i int) { <-r.at(i) }
func (r *Relay) Fire(i int) { close(r.at(i)) }

func Run(fs []func()) {
	r := New()
	var wg sync.WaitGroup
	for i, f := range fs {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if i > 0 {
				r.Wait(i - 1)
			}
			f()
			r.Fire(i)
		}()
	}
	wg.Wait()
}
