package a03leak

// recursion over a tree in which each node has its own lock
import "sync"

type Dir struct {
	mu   sync.RWMutex
	subs []*Dir
	size int64
}

func (d *Dir) Total() int64 {
	d.mu.RLock()
	defer d.mu.RUnlock()
	t := d.size
	for _, s := range d.subs {
		t += s.Total()
	}
	return t
}

func (d *Dir) Reset() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.size = 0
	for _, s := range d.subs {
		s.Reset()
	}
	if d.Total() != 0 {
		panic("not empty")
	}
}

func (d *Dir) Mkdir() *Dir {
	c := &Dir{}
	d.mu.Lock()
	d.subs = append(d.subs, c)
	d.mu.Unlock()
	return c
}
