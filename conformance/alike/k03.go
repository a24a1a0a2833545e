package k03

// lazily-made growing owner kept in a variable of a loop per connection
import (
	"bufio"
	"net"
	"sync"
)

type state struct {
	mu   sync.Mutex
	open []string
	seen map[string]bool
}

func (s *state) begin(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen[id] {
		return false
	}
	s.seen[id] = true
	s.open = append(s.open, id)
	return true
}

func (s *state) end() {
	s.mu.Lock()
	s.open = s.open[:len(s.open)-1]
	s.mu.Unlock()
}

func Serve(c net.Conn, f func(string)) {
	defer c.Close()
	for {
		b, err := bufio.NewReader(c).ReadString('\n')
		if err != nil {
			return
		}
		s := &state{seen: map[string]bool{}}
		for _, r := range b {
			if s.begin(string(r)) {
				f(string(r))
				s.end()
			}
		}
	}
}
