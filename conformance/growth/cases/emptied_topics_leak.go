// The last subscriber of a topic leaves, and the topic stays.
package emptied_topics

import (
	"strconv"
	"sync"
)

type subscriber struct{ topic string }

type Hub struct {
	mu   sync.Mutex
	subs map[string][]*subscriber
}

func (h *Hub) Subscribe(topic string) *subscriber {
	s := &subscriber{topic}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.subs[topic] = append(h.subs[topic], s)
	return s
}

func (h *Hub) leave(s *subscriber) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, other := range h.subs[s.topic] {
		if other == s {
			h.subs[s.topic] = append(h.subs[s.topic][:i], h.subs[s.topic][i+1:]...)
			return
		}
	}
}

var hubs = []*Hub{{subs: map[string][]*subscriber{}}}

func Step(i int) {
	s := hubs[0].Subscribe(strconv.Itoa(i))
	hubs[0].leave(s)
}
