package m

import (
	"context"
	"io"
	"net"
	"sync"
	"time"
)

func pipe() net.Conn {
	a, b := net.Pipe()
	go io.Copy(io.Discard, b)
	return a
}

//pair:m07 stop-of-something-else
type sender struct {
	conn net.Conn
	reqs chan byte
}

func newSender(c net.Conn) *sender {
	s := &sender{conn: c, reqs: make(chan byte)}
	go s.work()
	return s
}

func (s *sender) work() {
	for r := range s.reqs {
		s.conn.Write([]byte{r})
	}
}

func (s *sender) Do(b byte)    { s.reqs <- b }
func (s *sender) Close() error { return s.conn.Close() }

func m07() {
	s := newSender(pipe())
	s.Do(1)
	s.Close()
}

//pair:m08 stop-of-something-else
type poster struct {
	conn net.Conn
	reqs chan byte
}

func newPoster(c net.Conn) *poster {
	p := &poster{conn: c, reqs: make(chan byte)}
	go p.work()
	return p
}

func (p *poster) work() {
	for r := range p.reqs {
		p.conn.Write([]byte{r})
	}
}

func (p *poster) Do(b byte) { p.reqs <- b }

func (p *poster) Close() error {
	close(p.reqs)
	return p.conn.Close()
}

func m08() {
	p := newPoster(pipe())
	p.Do(1)
	p.Close()
}

//pair:m09 stop-of-something-else
type reader struct {
	conn net.Conn
	errs chan error
	got  chan byte
}

func newReader(c net.Conn) *reader {
	r := &reader{conn: c, errs: make(chan error), got: make(chan byte)}
	go r.work()
	return r
}

func (r *reader) work() {
	b := make([]byte, 1)
	for {
		if _, err := r.conn.Read(b); err != nil {
			r.errs <- err
			return
		}
		r.got <- b[0]
	}
}

func (r *reader) Next() (byte, error) {
	select {
	case b := <-r.got:
		return b, nil
	case err := <-r.errs:
		return 0, err
	}
}

func (r *reader) Close() error { return r.conn.Close() }

func m09() { newReader(pipe()).Close() }

//pair:m10 stop-of-something-else
type looker struct {
	conn net.Conn
	errs chan error
	got  chan byte
	quit chan struct{}
}

func newLooker(c net.Conn) *looker {
	l := &looker{conn: c, errs: make(chan error, 1), got: make(chan byte), quit: make(chan struct{})}
	go l.work()
	return l
}

func (l *looker) work() {
	b := make([]byte, 1)
	for {
		if _, err := l.conn.Read(b); err != nil {
			l.errs <- err
			return
		}
		select {
		case l.got <- b[0]:
		case <-l.quit:
			return
		}
	}
}

func (l *looker) Next() (byte, error) {
	select {
	case b := <-l.got:
		return b, nil
	case err := <-l.errs:
		return 0, err
	}
}

func (l *looker) Close() error {
	close(l.quit)
	return l.conn.Close()
}

func m10() { newLooker(pipe()).Close() }

//pair:m11 unheard-stop
type shelf struct {
	mu     sync.Mutex
	cond   *sync.Cond
	stop   chan struct{}
	closed bool
	items  []int
}

func newShelf() *shelf {
	s := &shelf{stop: make(chan struct{})}
	s.cond = sync.NewCond(&s.mu)
	go until(s.flush, time.Millisecond, s.stop)
	return s
}

func until(f func(), d time.Duration, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		f()
		select {
		case <-stop:
			return
		case <-time.After(d):
		}
	}
}

func (s *shelf) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cond.Broadcast()
}

func (s *shelf) Add(i int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.items = append(s.items, i)
	s.cond.Broadcast()
}

func (s *shelf) Pop() (int, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.items) == 0 {
		if s.closed {
			return 0, false
		}
		s.cond.Wait()
	}
	i := s.items[0]
	s.items = s.items[1:]
	return i, true
}

func (s *shelf) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.cond.Broadcast()
}

func m11() {
	s := newShelf()
	s.Add(1)
	s.Pop()
	s.Close()
}

//pair:m12 unheard-stop
type rack struct {
	mu     sync.Mutex
	cond   *sync.Cond
	stop   chan struct{}
	closed bool
	items  []int
}

func newRack() *rack {
	r := &rack{stop: make(chan struct{})}
	r.cond = sync.NewCond(&r.mu)
	go untilTold(r.flush, time.Millisecond, r.stop)
	return r
}

func untilTold(f func(), d time.Duration, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		f()
		select {
		case <-stop:
			return
		case <-time.After(d):
		}
	}
}

func (r *rack) flush() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cond.Broadcast()
}

func (r *rack) Add(i int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.items = append(r.items, i)
	r.cond.Broadcast()
}

func (r *rack) Pop() (int, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.items) == 0 {
		if r.closed {
			return 0, false
		}
		r.cond.Wait()
	}
	i := r.items[0]
	r.items = r.items[1:]
	return i, true
}

func (r *rack) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	close(r.stop)
	r.cond.Broadcast()
}

func m12() {
	r := newRack()
	r.Add(1)
	r.Pop()
	r.Close()
}

//pair:m13 bare-send-in-stream
type entry struct {
	n   int
	err error
}

// entries lists until its caller has enough.
func entries(ctx context.Context, n int) <-chan entry {
	out := make(chan entry, 4)
	go func() {
		defer close(out)
		for i := range n {
			select {
			case out <- entry{n: i}:
			case <-ctx.Done():
				out <- entry{err: ctx.Err()}
				return
			}
		}
	}()
	return out
}

func m13() {
	ctx, cancel := context.WithCancel(context.Background())
	<-entries(ctx, 9)
	time.Sleep(time.Millisecond)
	cancel()
}

//pair:m14 bare-send-in-stream
func entriesHeard(ctx context.Context, n int) <-chan entry {
	out := make(chan entry, 4)
	go func() {
		defer close(out)
		for i := range n {
			select {
			case out <- entry{n: i}:
			case <-ctx.Done():
				select {
				case out <- entry{err: ctx.Err()}:
				default:
				}
				return
			}
		}
	}()
	return out
}

func m14() {
	ctx, cancel := context.WithCancel(context.Background())
	<-entriesHeard(ctx, 9)
	time.Sleep(time.Millisecond)
	cancel()
}
