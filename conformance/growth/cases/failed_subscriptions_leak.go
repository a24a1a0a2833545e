// A subscription is taken out when it is closed. One that fails is put in first, and nobody has it then.
package failed_subscriptions

import (
	"errors"
	"sync"
)

type conn struct {
	mu   sync.Mutex
	subs map[int]*subscription
}

type subscription struct {
	id   int
	conn *conn
	data [256]byte
}

var theConn = &conn{subs: map[int]*subscription{}}

var errRefused = errors.New("refused")

func (c *conn) request(id int) error {
	if id%2 == 0 {
		return errRefused
	}
	return nil
}

func (c *conn) subscribe(id int) (*subscription, error) {
	s := &subscription{id: id, conn: c}
	c.mu.Lock()
	c.subs[s.id] = s
	c.mu.Unlock()
	if err := c.request(id); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *subscription) close() {
	s.conn.mu.Lock()
	delete(s.conn.subs, s.id)
	s.conn.mu.Unlock()
}

func Step(i int) {
	s, err := theConn.subscribe(i)
	if err != nil {
		return
	}
	s.close()
}
