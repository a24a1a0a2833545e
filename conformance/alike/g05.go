package g05

// per-request memo object handled by http handler
import (
	"net/http"
	"sync"
)

type memo struct {
	mu   sync.Mutex
	vals map[string]string
	todo []string
}

func (m *memo) get(k string, f func(string) string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if v, ok := m.vals[k]; ok {
		return v
	}
	v := f(k)
	m.vals[k] = v
	m.todo = append(m.todo, v)
	return v
}

func (m *memo) take() (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.todo) == 0 {
		return "", false
	}
	s := m.todo[len(m.todo)-1]
	m.todo = m.todo[:len(m.todo)-1]
	return s, true
}

func Handler(f func(string) string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m := &memo{vals: map[string]string{}}
		for _, k := range r.URL.Query()["k"] {
			m.get(k, f)
		}
		for s, ok := m.take(); ok; s, ok = m.take() {
			w.Write([]byte(s))
		}
	})
}
