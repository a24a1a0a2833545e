package b04

// rpc client: pending map with room-for-one channels; reader fails all at end
import (
	"encoding/gob"
	"errors"
	"io"
	"sync"
)

type msg struct {
	ID   uint64
	Body string
	Err  string
}

type Client struct {
	rwc     io.ReadWriteCloser
	enc     *gob.Encoder
	wmu     sync.Mutex
	mu      sync.Mutex
	seq     uint64
	pending map[uint64]chan msg
	err     error
}

var ErrShutdown = errors.New("shutdown")

func NewClient(rwc io.ReadWriteCloser) *Client {
	c := &Client{rwc: rwc, enc: gob.NewEncoder(rwc), pending: map[uint64]chan msg{}}
	go c.read()
	return c
}

func (c *Client) read() {
	dec := gob.NewDecoder(c.rwc)
	for {
		var m msg
		if err := dec.Decode(&m); err != nil {
			c.mu.Lock()
			c.err = errors.Join(ErrShutdown, err)
			for id, ch := range c.pending {
				delete(c.pending, id)
				close(ch)
			}
			c.mu.Unlock()
			return
		}
		c.mu.Lock()
		ch, ok := c.pending[m.ID]
		delete(c.pending, m.ID)
		c.mu.Unlock()
		if ok {
			ch <- m
		}
	}
}

func (c *Client) Call(body string) (string, error) {
	ch := make(chan msg, 1)
	c.mu.Lock()
	if c.err != nil {
		defer c.mu.Unlock()
		return "", c.err
	}
	c.seq++
	id := c.seq
	c.pending[id] = ch
	c.mu.Unlock()

	c.wmu.Lock()
	err := c.enc.Encode(msg{ID: id, Body: body})
	c.wmu.Unlock()
	if err != nil {
		c.mu.Lock()
		delete(c.pending, id)
		c.mu.Unlock()
		return "", err
	}
	m, ok := <-ch
	if !ok {
		return "", ErrShutdown
	}
	if m.Err != "" {
		return "", errors.New(m.Err)
	}
	return m.Body, nil
}

func (c *Client) Close() error { return c.rwc.Close() }
