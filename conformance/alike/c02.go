package c02

// map entry removed by the reader that closes its own connection
import (
	"bufio"
	"net"
	"sync"
)

type Peers struct {
	mu sync.Mutex
	m  map[string]net.Conn
}

func New() *Peers { return &Peers{m: map[string]net.Conn{}} }

func (p *Peers) Add(addr string, h func(string)) error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	p.mu.Lock()
	if _, dup := p.m[addr]; dup {
		p.mu.Unlock()
		return c.Close()
	}
	p.m[addr] = c
	p.mu.Unlock()
	go p.read(addr, c, h)
	return nil
}

func (p *Peers) read(addr string, c net.Conn, h func(string)) {
	defer func() {
		c.Close()
		p.mu.Lock()
		delete(p.m, addr)
		p.mu.Unlock()
	}()
	sc := bufio.NewScanner(c)
	for sc.Scan() {
		h(sc.Text())
	}
}

func (p *Peers) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.m {
		c.Close()
	}
}
