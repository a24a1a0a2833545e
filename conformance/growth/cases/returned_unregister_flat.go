// Whoever registers gets the function that unregisters.
package returned_unregister

import "sync"

type hub struct {
	mu        sync.Mutex
	listeners map[*listener]bool
}

type listener struct {
	notify func()
	data   [256]byte
}

var theHub = &hub{listeners: map[*listener]bool{}}

func (h *hub) listen(f func()) func() {
	l := &listener{notify: f}
	h.mu.Lock()
	h.listeners[l] = true
	h.mu.Unlock()
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.listeners, l)
	}
}

func Step(i int) {
	stop := theHub.listen(func() { println(i) })
	defer stop()
}
