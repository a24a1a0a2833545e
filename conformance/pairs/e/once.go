package e

import "sync"

type carrier struct {
	mu     sync.Mutex
	server *port
}

type port struct {
	once    sync.Once
	ready   chan struct{}
	onClose func()
}

func newPort(onClose func()) *port {
	return &port{ready: make(chan struct{}), onClose: onClose}
}

func (c *carrier) listen() *port {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.server = newPort(c.forget)
	return c.server
}

func (c *carrier) forget() {
	c.mu.Lock()
	c.server = nil
	c.mu.Unlock()
}

//pair:e51 lock-order
func (l *port) shut(tell bool) {
	l.once.Do(func() {
		close(l.ready)
		if tell {
			l.onClose()
		}
	})
}

func (c *carrier) shut(locked chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(locked)
	if c.server != nil {
		<-c.server.ready
		c.server.shut(false)
	}
}

func e51() {
	c := &carrier{}
	l := c.listen()
	locked := make(chan struct{})
	go c.shut(locked)
	<-locked
	l.shut(true)
}

//pair:e52 lock-order
func (c *carrier) shutB(locked chan struct{}) {
	c.mu.Lock()
	server := c.server
	c.mu.Unlock()
	close(locked)
	if server != nil {
		<-server.ready
		server.shut(false)
	}
}

func e52() {
	c := &carrier{}
	l := c.listen()
	locked := make(chan struct{})
	go c.shutB(locked)
	<-locked
	l.shut(true)
}
