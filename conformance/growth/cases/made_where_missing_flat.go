// The list has as many clients as the table that has them made, one for each of a few names.
package made_where_missing

import "sync"

type client struct {
	name string
	data [64]byte
}

type manager struct {
	mu   sync.Mutex
	made map[string]*client
}

func (m *manager) get(name string, create func() *client) *client {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c, ok := m.made[name]; ok {
		return c
	}
	c := create()
	m.made[name] = c
	return c
}

var (
	theManager = &manager{made: map[string]*client{}}
	clients    []*client
	names      = []string{"a", "b", "c", "d"}
)

func Step(i int) {
	name := names[i%4]
	theManager.get(name, func() *client {
		c := &client{name: name}
		clients = append(clients, c)
		return c
	})
}
