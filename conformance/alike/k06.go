package k06

// TryLock in a helper that reports; conditional release
import "sync"

type J struct {
	mu  sync.Mutex
	run func()
}

func New(f func()) *J { return &J{run: f} }

func (j *J) enter(block bool) bool {
	if block {
		j.mu.Lock()
		return true
	}
	return j.mu.TryLock()
}

func (j *J) Do(block bool) bool {
	if !j.enter(block) {
		return false
	}
	defer j.mu.Unlock()
	j.run()
	return true
}
