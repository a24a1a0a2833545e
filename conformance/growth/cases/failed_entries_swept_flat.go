// Entries of failed calls stay until the sweeper closes them.
package failed_entries_swept

import "errors"

type conn struct{ subs map[int]*subscription }

type subscription struct {
	id   int
	conn *conn
	open bool
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
	c.subs[s.id] = s
	if err := c.request(id); err != nil {
		return nil, err
	}
	s.open = true
	return s, nil
}

func (c *conn) sweep() {
	for _, s := range c.subs {
		if !s.open {
			s.close()
		}
	}
}

func (s *subscription) close() { delete(s.conn.subs, s.id) }

func Step(i int) {
	if s, err := theConn.subscribe(i); err == nil {
		s.close()
	}
	if i%100 == 99 {
		theConn.sweep()
	}
}
