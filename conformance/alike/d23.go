package d23

// map of per-key channels; loser waits for the winner's close
import "sync"

type Once struct {
	mu sync.Mutex
	m  map[string]chan struct{}
	v  map[string]int
}

func New() *Once { return &Once{m: map[string]chan struct{}{}, v: map[string]int{}} }

func (o *Once) Get(k string, mk func() (int, error)) (int, error) {
	for {
		o.mu.Lock()
		if v, ok := o.v[k]; ok {
			o.mu.Unlock()
			return v, nil
		}
		wait, busy := o.m[k]
		if !busy {
			ch := make(chan struct{})
			o.m[k] = ch
			o.mu.Unlock()
			v, err := mk()
			o.mu.Lock()
			delete(o.m, k)
			if err == nil {
				o.v[k] = v
			}
			o.mu.Unlock()
			close(ch)
			return v, err
		}
		o.mu.Unlock()
		<-wait
	}
}

func (o *Once) Forget(k string) {
	o.mu.Lock()
	delete(o.v, k)
	o.mu.Unlock()
}
