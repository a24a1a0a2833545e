// An entry is deleted before the field with its key is set to nil.
package deleted_before_nil

import "sync"

type conn struct{ data [16]byte }

func (c *conn) Close() error { return nil }

type response struct{ conn *conn }

func (r *response) close() {
	if r.conn != nil {
		r.conn.Close()
		r.conn = nil
	}
}

type server struct {
	mu    sync.Mutex
	conns map[*conn]bool
}

var theServer = &server{conns: map[*conn]bool{}}

func (s *server) serve(r *response) {
	defer func() {
		s.mu.Lock()
		delete(s.conns, r.conn)
		s.mu.Unlock()
		r.close()
	}()
	r.conn.data[0]++
}

func (s *server) accept(in chan *conn) {
	for c := range in {
		s.mu.Lock()
		s.conns[c] = true
		s.mu.Unlock()
		s.serve(&response{conn: c})
	}
}

func Step(i int) {
	in := make(chan *conn, 1)
	in <- &conn{}
	close(in)
	theServer.accept(in)
}
