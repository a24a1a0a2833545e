// A connection calls back when it is closed, and is taken out then.
package on_close_deletes

type conn struct {
	onClose []func()
	data    [256]byte
}

func (c *conn) close() {
	for _, f := range c.onClose {
		f()
	}
}

type server struct{ conns map[int]*conn }

var theServer = &server{conns: map[int]*conn{}}

func (s *server) accept(id int) *conn {
	c := &conn{}
	c.onClose = append(c.onClose, func() { delete(s.conns, id) })
	s.conns[id] = c
	return c
}

func Step(i int) { theServer.accept(i).close() }
