// The topic goes with its last subscriber.
package emptied_topics_deleted

import (
	"strconv"
	"sync"
)

type subscriber struct{ topic string }

type Hub struct {
	mu   sync.Mutex
	subs map[string]map[*subscriber]bool
}

func (h *Hub) Subscribe(topic string) *subscriber {
	s := &subscriber{topic}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.subs[topic] == nil {
		h.subs[topic] = map[*subscriber]bool{}
	}
	h.subs[topic][s] = true
	return s
}

func (h *Hub) leave(s *subscriber) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.subs[s.topic], s)
	if len(h.subs[s.topic]) == 0 {
		delete(h.subs, s.topic)
	}
}

var hubs = []*Hub{{subs: map[string]map[*subscriber]bool{}}}

func Step(i int) {
	s := hubs[0].Subscribe(strconv.Itoa(i))
	hubs[0].leave(s)
}
