package f

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// An answer comes in two parts.
type answer struct {
	code chan byte
	data chan []byte
}

//pair:f25 asker-leaves
type dialog struct {
	mu    sync.Mutex
	asked map[byte]*answer
	send  func(byte)
	next  func() (byte, error)
}

func newDialog(send func(byte), next func() (byte, error)) *dialog {
	d := &dialog{asked: map[byte]*answer{}, send: send, next: next}
	go d.read()
	return d
}

func (d *dialog) read() {
	for {
		b, err := d.next()
		if err != nil {
			return
		}
		d.mu.Lock()
		a := d.asked[b]
		delete(d.asked, b)
		d.mu.Unlock()
		if a == nil {
			continue
		}
		a.code <- b
		a.data <- []byte{b}
	}
}

func (d *dialog) Ask(b byte) ([]byte, error) {
	a := &answer{code: make(chan byte, 1), data: make(chan []byte)}
	d.mu.Lock()
	d.asked[b] = a
	d.mu.Unlock()
	d.send(b)
	if <-a.code == 1 {
		return nil, errors.New("refused")
	}
	return <-a.data, nil
}

func f25() {
	line := make(chan byte)
	d := newDialog(func(b byte) { line <- b }, from(line))
	d.Ask(1)
	close(line)
}

// What comes out of a channel, to its end.
func from(line chan byte) func() (byte, error) {
	return func() (byte, error) {
		b, ok := <-line
		if !ok {
			return 0, io.EOF
		}
		return b, nil
	}
}

//pair:f26 asker-leaves
type dialogB struct {
	mu    sync.Mutex
	asked map[byte]*answer
	send  func(byte)
	next  func() (byte, error)
}

func newDialogB(send func(byte), next func() (byte, error)) *dialogB {
	d := &dialogB{asked: map[byte]*answer{}, send: send, next: next}
	go d.read()
	return d
}

func (d *dialogB) read() {
	for {
		b, err := d.next()
		if err != nil {
			return
		}
		d.mu.Lock()
		a := d.asked[b]
		delete(d.asked, b)
		d.mu.Unlock()
		if a == nil {
			continue
		}
		a.code <- b
		a.data <- []byte{b}
	}
}

func (d *dialogB) Ask(b byte) ([]byte, error) {
	a := &answer{code: make(chan byte, 1), data: make(chan []byte, 1)}
	d.mu.Lock()
	d.asked[b] = a
	d.mu.Unlock()
	d.send(b)
	if <-a.code == 1 {
		return nil, errors.New("refused")
	}
	return <-a.data, nil
}

func f26() {
	line := make(chan byte)
	d := newDialogB(func(b byte) { line <- b }, from(line))
	d.Ask(1)
	close(line)
}

//pair:f27 stopped-again
type topic struct {
	events chan int
	quit   chan struct{}
}

func newTopic() *topic {
	t := &topic{events: make(chan int), quit: make(chan struct{})}
	go t.run()
	return t
}

func (t *topic) run() {
	for {
		select {
		case <-t.events:
		case <-t.quit:
			return
		}
	}
}

func (t *topic) close() { t.quit <- struct{}{} }

type topics struct{ all map[string]*topic }

func (t *topics) forget(name string) { t.all[name].close() }

func (t *topics) Close() {
	for _, one := range t.all {
		one.close()
	}
}

func f27() {
	t := &topics{all: map[string]*topic{"a": newTopic()}}
	t.forget("a")
	t.Close()
}

//pair:f28 stopped-again
type topicB struct {
	events chan int
	quit   chan struct{}
	once   sync.Once
}

func newTopicB() *topicB {
	t := &topicB{events: make(chan int), quit: make(chan struct{})}
	go t.run()
	return t
}

func (t *topicB) run() {
	for {
		select {
		case <-t.events:
		case <-t.quit:
			return
		}
	}
}

func (t *topicB) close() { t.once.Do(func() { t.quit <- struct{}{} }) }

type topicsB struct{ all map[string]*topicB }

func (t *topicsB) forget(name string) { t.all[name].close() }

func (t *topicsB) Close() {
	for _, one := range t.all {
		one.close()
	}
}

func f28() {
	t := &topicsB{all: map[string]*topicB{"a": newTopicB()}}
	t.forget("a")
	t.Close()
}

var setUp = func() error { return nil }

// isolate runs something on a goroutine of its own once that is set up.
func isolate(run func()) error {
	started := make(chan error)
	go func() {
		if err := setUp(); err != nil {
			started <- err
			return
		}
		close(started)
		run()
	}()
	return <-started
}

//pair:f29 closed-means-nil
func apart(work func() error) error {
	done := make(chan error)
	if err := isolate(func() { done <- work() }); err == nil {
		return nil
	}
	return <-done
}

func f29() { apart(func() error { return nil }) }

//pair:f30 closed-means-nil
func apartB(work func() error) error {
	done := make(chan error)
	if err := isolate(func() { done <- work() }); err != nil {
		return err
	}
	return <-done
}

func f30() { apartB(func() error { return nil }) }

//pair:f31 cond-of-its-own
type shelf struct {
	mu     sync.Mutex
	cond   sync.Cond
	n      int
	closed bool
}

func newShelf() *shelf {
	s := &shelf{}
	s.cond = sync.Cond{L: &s.mu}
	go s.run()
	return s
}

func (s *shelf) run() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.closed {
		s.cond.Wait()
		s.n = 0
	}
}

func (s *shelf) Put() {
	s.mu.Lock()
	s.n++
	s.mu.Unlock()
	s.cond.Broadcast()
}

func (s *shelf) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
}

func f31() {
	s := newShelf()
	s.Put()
	wait()
	s.Close()
}

//pair:f32 cond-of-its-own
type shelfB struct {
	mu     sync.Mutex
	cond   sync.Cond
	n      int
	closed bool
}

func newShelfB() *shelfB {
	s := &shelfB{}
	s.cond = sync.Cond{L: &s.mu}
	go s.run()
	return s
}

func (s *shelfB) run() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.closed {
		s.cond.Wait()
		s.n = 0
	}
}

func (s *shelfB) Put() {
	s.mu.Lock()
	s.n++
	s.mu.Unlock()
	s.cond.Broadcast()
}

func (s *shelfB) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cond.Broadcast()
}

func f32() {
	s := newShelfB()
	s.Put()
	wait()
	s.Close()
}

func wait() { time.Sleep(5 * time.Millisecond) }

// offer hands a job to whoever takes jobs, until the context ends.
func offer(ctx context.Context, jobs chan<- func(), job func()) error {
	select {
	case jobs <- job:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

//pair:f33 ended-has-an-error
func runAll(ctx context.Context, jobs chan<- func()) {
	var group sync.WaitGroup
	group.Add(1)
	if err := offer(ctx, jobs, group.Done); err == nil {
		group.Done()
	}
	group.Wait()
}

func f33() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	runAll(ctx, make(chan func()))
}

//pair:f34 ended-has-an-error
func runAllB(ctx context.Context, jobs chan<- func()) {
	var group sync.WaitGroup
	group.Add(1)
	if err := offer(ctx, jobs, group.Done); err != nil {
		group.Done()
	}
	group.Wait()
}

func f34() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	runAllB(ctx, make(chan func()))
}
