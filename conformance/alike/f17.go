package f17

// labelled loops & goto: lock and file
import (
	"bufio"
	"os"
	"strings"
	"sync"
)

type Idx struct {
	mu sync.Mutex
	m  map[string][]string
}

func New() *Idx { return &Idx{m: map[string][]string{}} }

func (x *Idx) Find(ws ...string) (hit string) {
	x.mu.Lock()
outer:
	for k, vs := range x.m {
		for _, w := range ws {
			for _, v := range vs {
				if v == w {
					hit = k
					break outer
				}
				if v == "" {
					continue outer
				}
			}
		}
	}
	x.mu.Unlock()
	return hit
}

func Scan(name string) (n int, err error) {
	var sc *bufio.Scanner
	f, err := os.Open(name)
	if err != nil {
		goto end
	}
	sc = bufio.NewScanner(f)
	for sc.Scan() {
		if strings.HasPrefix(sc.Text(), "#end") {
			goto done
		}
		n++
	}
	err = sc.Err()
done:
	f.Close()
end:
	return
}
