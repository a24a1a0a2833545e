package e11leak

// range ended by sentinel / by return; channel of caller
import "sync"

type Ev struct {
	last bool
	v    int
}

func produce(vs []int, out chan<- Ev) {
	for i, v := range vs {
		out <- Ev{i == len(vs)-1, v}
	}
}

func Sum(vs []int) (t int) {
	c := make(chan Ev)
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		produce(vs, c)
	}()
	for e := range c {
		t += e.v
		if e.last {
			break
		}
	}
	wg.Wait()
	return t
}
