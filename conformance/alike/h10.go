package h10

// loader visits packages with own state per Load
import "sync"

type loader struct {
	mu      sync.Mutex
	pending []string
	loaded  map[string][]string
	imports func(string) []string
}

func Load(roots []string, imports func(string) []string) map[string][]string {
	l := &loader{loaded: map[string][]string{}, imports: imports, pending: roots}
	for {
		l.mu.Lock()
		if len(l.pending) == 0 {
			l.mu.Unlock()
			break
		}
		p := l.pending[0]
		l.pending = l.pending[1:]
		l.mu.Unlock()
		l.visit(p)
	}
	return l.loaded
}

func (l *loader) visit(p string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.loaded[p]; ok {
		return
	}
	deps := l.imports(p)
	l.loaded[p] = deps
	l.pending = append(l.pending, deps...)
}
