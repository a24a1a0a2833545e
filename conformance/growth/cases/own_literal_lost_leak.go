// Only the entry's own function takes it out, and whoever gets an error has no entry.
package own_literal_lost

import (
	"errors"
	"sync"
)

type feed struct {
	id   int
	end  func()
	data [128]byte
}

func newFeed(id int, end func()) *feed { return &feed{id: id, end: end} }

type hub struct {
	mu    sync.Mutex
	next  int
	feeds map[int]*feed
}

var theHub = &hub{feeds: map[int]*feed{}}

var errFull = errors.New("full")

func (h *hub) begin(id int) error {
	if id%2 == 0 {
		return errFull
	}
	return nil
}

func (h *hub) remove(id int) {
	h.mu.Lock()
	delete(h.feeds, id)
	h.mu.Unlock()
}

func (h *hub) open() (*feed, error) {
	h.mu.Lock()
	h.next++
	id := h.next
	f := newFeed(id, func() { h.remove(id) })
	h.feeds[id] = f
	h.mu.Unlock()
	if err := h.begin(id); err != nil {
		return nil, err
	}
	return f, nil
}

func Step(int) {
	if f, err := theHub.open(); err == nil {
		f.end()
	}
}
