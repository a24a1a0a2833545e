package f11

// dropped field closed through the wrapping layer
import (
	"bufio"
	"crypto/tls"
	"net"
	"sync"
)

type Sess struct {
	mu  sync.Mutex
	raw net.Conn
	tc  *tls.Conn
	w   *bufio.Writer
}

func (s *Sess) Connect(addr string) error {
	raw, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resetLocked()
	s.raw = raw
	s.tc = tls.Client(raw, &tls.Config{ServerName: addr})
	s.w = bufio.NewWriter(s.tc)
	return nil
}

func (s *Sess) resetLocked() {
	if s.tc != nil {
		s.w.Flush()
		s.tc.Close()
	}
	s.raw, s.tc, s.w = nil, nil, nil
}

func (s *Sess) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resetLocked()
}

func (s *Sess) Hijack() net.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.tc
	s.raw, s.tc, s.w = nil, nil, nil
	if c == nil {
		return nil
	}
	return c
}
