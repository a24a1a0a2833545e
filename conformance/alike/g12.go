package g12

// messages with ack; consumer acks every message also on stop
import "sync"

type msg struct {
	v   int
	ack chan<- bool
}

type Box struct {
	in   chan msg
	stop chan struct{}
	wg   sync.WaitGroup
}

func New(h func(int) bool) *Box {
	b := &Box{in: make(chan msg), stop: make(chan struct{})}
	b.wg.Go(func() {
		for {
			select {
			case m := <-b.in:
				m.ack <- h(m.v)
				close(m.ack)
			case <-b.stop:
				return
			}
		}
	})
	return b
}

func (b *Box) Send(v int) bool {
	ack := make(chan bool)
	select {
	case b.in <- msg{v, ack}:
		ok := <-ack
		return ok
	case <-b.stop:
		return false
	}
}

func (b *Box) Close() { close(b.stop); b.wg.Wait() }
