package a11

// subscription removed by the closure it returns
import "sync"

type Bus struct {
	mu   sync.Mutex
	next int
	subs map[int]chan string
}

func (b *Bus) Subscribe(n int) (<-chan string, func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.subs == nil {
		b.subs = make(map[int]chan string)
	}
	id := b.next
	b.next++
	ch := make(chan string, n)
	b.subs[id] = ch
	return ch, sync.OnceFunc(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.subs, id)
		close(ch)
	})
}

func (b *Bus) Publish(s string) (dropped int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.subs {
		select {
		case c <- s:
		default:
			dropped++
		}
	}
	return
}

func Tail(b *Bus, n int, sink func(string)) {
	ch, stop := b.Subscribe(8)
	defer stop()
	for s := range ch {
		sink(s)
		if n--; n == 0 {
			return
		}
	}
}
