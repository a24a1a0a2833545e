package e14

// websocket-like read/write pump: whoever fails closes the conn, the other notices
import (
	"bufio"
	"net"
	"sync"
)

type Peer struct {
	c    net.Conn
	out  chan []byte
	quit chan struct{}
	once sync.Once
	wg   sync.WaitGroup
}

func NewPeer(c net.Conn, h func(string)) *Peer {
	p := &Peer{c: c, out: make(chan []byte, 8), quit: make(chan struct{})}
	p.wg.Add(2)
	go p.readPump(h)
	go p.writePump()
	return p
}

func (p *Peer) fail() {
	p.once.Do(func() {
		close(p.quit)
		p.c.Close()
	})
}

func (p *Peer) readPump(h func(string)) {
	defer p.wg.Done()
	defer p.fail()
	sc := bufio.NewScanner(p.c)
	for sc.Scan() {
		h(sc.Text())
	}
}

func (p *Peer) writePump() {
	defer p.wg.Done()
	defer p.fail()
	for {
		select {
		case b := <-p.out:
			if _, err := p.c.Write(b); err != nil {
				return
			}
		case <-p.quit:
			return
		}
	}
}

func (p *Peer) Send(b []byte) bool {
	select {
	case p.out <- b:
		return true
	case <-p.quit:
		return false
	}
}

func (p *Peer) Close() {
	p.fail()
	p.wg.Wait()
}
