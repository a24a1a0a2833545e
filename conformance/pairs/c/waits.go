package c

import (
	"context"
	"iter"
	"slices"
	"sync"
	"time"
)

//pair:c29 cond-signal-first
type gate struct {
	mu   sync.Mutex
	cond *sync.Cond
	open bool
}

func (g *gate) wait() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cond.Wait()
}

func (g *gate) release() {
	g.mu.Lock()
	g.open = true
	g.cond.Broadcast()
	g.mu.Unlock()
}

func c29() {
	g := &gate{}
	g.cond = sync.NewCond(&g.mu)
	go func() { time.Sleep(2 * time.Millisecond); g.wait() }()
	g.release()
}

//pair:c30 cond-signal-first
func (g *gate) waitB() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for !g.open {
		g.cond.Wait()
	}
}

func c30() {
	g := &gate{}
	g.cond = sync.NewCond(&g.mu)
	go g.waitB()
	g.release()
}

//pair:c31 cond-signal-first
type fifo struct {
	mu     sync.Mutex
	cond   *sync.Cond
	items  []int
	closed bool
}

func (q *fifo) pop() (int, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 && !q.closed {
		q.cond.Wait()
	}
	if len(q.items) == 0 {
		return 0, false
	}
	v := q.items[0]
	q.items = q.items[1:]
	return v, true
}

func (q *fifo) close() {
	q.mu.Lock()
	q.closed = true
	q.cond.Signal()
	q.mu.Unlock()
}

func newFifo() *fifo {
	q := &fifo{}
	q.cond = sync.NewCond(&q.mu)
	return q
}

func c31() {
	q := newFifo()
	go q.pop()
	go q.pop()
	time.Sleep(2 * time.Millisecond)
	q.close()
}

//pair:c32 cond-signal-first
func (q *fifo) closeB() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.cond.Broadcast()
}

func c32() {
	q := newFifo()
	go q.pop()
	go q.pop()
	q.closeB()
}

//pair:c33 nil-channel
type feed struct{ updates chan int }

func newFeed(live bool) *feed {
	f := &feed{}
	if live {
		f.updates = make(chan int, 1)
	}
	return f
}

func (f *feed) next() int { return <-f.updates }

func c33() { go newFeed(false).next() }

//pair:c34 nil-channel
func (f *feed) nextB(ctx context.Context) (int, error) {
	select {
	case v := <-f.updates:
		return v, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func c34() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	_, _ = newFeed(false).nextB(ctx)
}

//pair:c35 nil-channel
func mergeTwo(a, b <-chan int) int {
	sum := 0
	for a != nil || b != nil {
		select {
		case v, ok := <-a:
			if !ok {
				a = nil
				continue
			}
			sum += v
		case v, ok := <-b:
			if !ok {
				b = nil
				continue
			}
			sum += v
		}
	}
	return sum
}

func filled(vs ...int) <-chan int {
	c := make(chan int, len(vs))
	for _, v := range vs {
		c <- v
	}
	close(c)
	return c
}

func c35() { mergeTwo(filled(1, 2), filled(3)) }

//pair:c36 nil-channel
func waitBackground(ctx context.Context, done chan<- struct{}) {
	<-ctx.Done()
	close(done)
}

func c36() { go waitBackground(context.Background(), make(chan struct{})) }

//pair:c37 semaphore
type limiter struct{ slots chan struct{} }

func (l *limiter) do(f func() error) error {
	l.slots <- struct{}{}
	if err := f(); err != nil {
		return err
	}
	<-l.slots
	return nil
}

func c37() {
	l := &limiter{slots: make(chan struct{}, 1)}
	_ = l.do(func() error { return errFull })
	_ = l.do(func() error { return nil })
}

//pair:c38 semaphore
func (l *limiter) doB(f func() error) error {
	l.slots <- struct{}{}
	defer func() { <-l.slots }()
	return f()
}

func c38() {
	l := &limiter{slots: make(chan struct{}, 1)}
	_ = l.doB(func() error { return errFull })
	_ = l.doB(func() error { return nil })
}

//pair:c39 semaphore
type walker struct {
	slots chan struct{}
	wg    sync.WaitGroup
}

func (w *walker) walk(depth int) {
	defer w.wg.Done()
	w.slots <- struct{}{}
	defer func() { <-w.slots }()
	if depth > 0 {
		var kids sync.WaitGroup
		for range 2 {
			w.wg.Add(1)
			kids.Go(func() { w.walk(depth - 1) })
		}
		kids.Wait()
	}
}

func c39() {
	w := &walker{slots: make(chan struct{}, 1)}
	w.wg.Add(1)
	go w.walk(1)
	w.wg.Wait()
}

//pair:c40 semaphore
func (w *walker) walkB(depth int) {
	defer w.wg.Done()
	w.slots <- struct{}{}
	<-w.slots
	if depth > 0 {
		for range 2 {
			w.wg.Add(1)
			go w.walkB(depth - 1)
		}
	}
}

func c40() {
	w := &walker{slots: make(chan struct{}, 1)}
	w.wg.Add(1)
	go w.walkB(2)
	w.wg.Wait()
}

//pair:c41 group-limit
type group struct {
	wg  sync.WaitGroup
	sem chan struct{}
	err error
	one sync.Once
}

func (g *group) start(f func() error) {
	g.sem <- struct{}{}
	g.wg.Add(1)
	go func() {
		defer func() {
			<-g.sem
			g.wg.Done()
		}()
		if err := f(); err != nil {
			g.one.Do(func() { g.err = err })
		}
	}()
}

func (g *group) wait() error {
	g.wg.Wait()
	return g.err
}

func c41() {
	g := &group{sem: make(chan struct{}, 1)}
	g.start(func() error {
		g.start(func() error { return nil })
		return nil
	})
	_ = g.wait()
}

//pair:c42 group-limit
func c42() {
	g := &group{sem: make(chan struct{}, 2)}
	for i := range 5 {
		g.start(func() error {
			if i == 3 {
				return errFull
			}
			return nil
		})
	}
	_ = g.wait()
}

//pair:c43 group-limit
func c43() {
	g := &group{sem: make(chan struct{}, 2)}
	results := make(chan int)
	for i := range 3 {
		g.start(func() error {
			results <- i
			return nil
		})
	}
	_ = g.wait()
	close(results)
	for range results {
	}
}

//pair:c44 group-limit
func c44() {
	g := &group{sem: make(chan struct{}, 2)}
	results := make(chan int)
	go func() {
		for i := range 3 {
			g.start(func() error {
				results <- i
				return nil
			})
		}
		_ = g.wait()
		close(results)
	}()
	for range results {
	}
}

//pair:c45 iter-pull
func firstTwo(seq iter.Seq[int]) (a, b int) {
	next, _ := iter.Pull(seq)
	a, _ = next()
	b, _ = next()
	return a, b
}

func c45() { firstTwo(slices.Values([]int{1, 2, 3})) }

//pair:c46 iter-pull
func firstTwoB(seq iter.Seq[int]) (a, b int) {
	next, stop := iter.Pull(seq)
	defer stop()
	a, _ = next()
	b, _ = next()
	return a, b
}

func c46() { firstTwoB(slices.Values([]int{1, 2, 3})) }

//pair:c47 iter-pull
func zip(x, y iter.Seq[int], f func(int, int) bool) {
	nx, sx := iter.Pull(x)
	ny, sy := iter.Pull(y)
	for {
		a, ok := nx()
		if !ok {
			break
		}
		b, ok := ny()
		if !ok || !f(a, b) {
			return
		}
	}
	sx()
	sy()
}

func c47() {
	v := slices.Values([]int{1, 2, 3})
	zip(v, v, func(a, _ int) bool { return a < 2 })
}

//pair:c48 iter-pull
type cursor struct {
	next func() (int, bool)
	stop func()
}

func newCursor(seq iter.Seq[int]) *cursor {
	c := &cursor{}
	c.next, c.stop = iter.Pull(seq)
	return c
}

func (c *cursor) close() { c.stop() }

func c48() {
	c := newCursor(slices.Values([]int{1, 2, 3}))
	defer c.close()
	c.next()
}
