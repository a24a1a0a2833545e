package j02

// recursive descent with unlock in the callee on failure
import "sync"

type Dir struct {
	mu   sync.RWMutex
	subs map[string]*Dir
}

func (d *Dir) walk(path []string) (*Dir, bool) {
	d.mu.RLock()
	if len(path) == 0 {
		return d, true
	}
	s, ok := d.subs[path[0]]
	d.mu.RUnlock()
	if !ok {
		return nil, false
	}
	return s.walk(path[1:])
}

func (d *Dir) List(path ...string) []string {
	x, ok := d.walk(path)
	if !ok {
		return nil
	}
	defer x.mu.RUnlock()
	var out []string
	for n := range x.subs {
		out = append(out, n)
	}
	return out
}
