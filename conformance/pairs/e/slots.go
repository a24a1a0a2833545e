package e

import (
	"errors"
	"sync"
)

var errRefused = errors.New("refused")

// Places in wait groups and semaphores that nobody gives back, and a sync.Once that is a lock.

type starter struct {
	mu      sync.Mutex
	running bool
}

func (s *starter) start(f func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.running {
		return false
	}
	go f()
	return true
}

type follower struct {
	wg sync.WaitGroup
	s  *starter
}

func (f *follower) work() {}

//pair:e41 add-without-done
func (f *follower) follow() {
	f.wg.Add(1)
	f.s.start(func() {
		defer f.wg.Done()
		f.work()
	})
}

func e41() {
	f := &follower{s: &starter{}}
	f.follow()
	f.wg.Wait()
}

//pair:e42 add-without-done
func (f *follower) followB() {
	f.wg.Add(1)
	if !f.s.start(func() {
		defer f.wg.Done()
		f.work()
	}) {
		f.wg.Done()
	}
}

func e42() {
	f := &follower{s: &starter{}}
	f.followB()
	f.wg.Wait()
}

type dialer struct {
	wg    sync.WaitGroup
	limit int
}

func (d *dialer) dial() error {
	if d.limit == 0 {
		return errRefused
	}
	d.limit--
	return nil
}

func (d *dialer) serve() {
	defer d.wg.Done()
}

//pair:e43 add-without-done
func (d *dialer) connect() error {
	d.wg.Add(1)
	if err := d.dial(); err != nil {
		return err
	}
	go d.serve()
	return nil
}

func e43() {
	d := &dialer{limit: 1}
	for d.connect() == nil {
	}
	d.wg.Wait()
}

//pair:e44 add-without-done
func (d *dialer) connectB() error {
	if err := d.dial(); err != nil {
		return err
	}
	d.wg.Add(1)
	go d.serve()
	return nil
}

func e44() {
	d := &dialer{limit: 1}
	for d.connectB() == nil {
	}
	d.wg.Wait()
}

//pair:e45 add-without-done
func (d *dialer) spawn() {
	d.wg.Add(1)
	go func() {
		if err := d.dial(); err != nil {
			return
		}
		d.wg.Done()
	}()
}

func e45() {
	d := &dialer{}
	d.spawn()
	d.wg.Wait()
}

//pair:e46 add-without-done
func (d *dialer) spawnB() {
	d.wg.Add(1)
	go func() {
		if err := d.dial(); err != nil {
			go d.serve()
			return
		}
		d.wg.Done()
	}()
}

func e46() {
	d := &dialer{}
	d.spawnB()
	d.wg.Wait()
}

type gate struct{ slots chan struct{} }

func newGate() *gate { return &gate{slots: make(chan struct{}, 2)} }

func (g *gate) work() error { return errRefused }

//pair:e47 lost-semaphore-slot
func (g *gate) pass() error {
	g.slots <- struct{}{}
	if err := g.work(); err != nil {
		return err
	}
	<-g.slots
	return nil
}

func e47() {
	g := newGate()
	for range 3 {
		g.pass()
	}
}

//pair:e48 lost-semaphore-slot
func (g *gate) passB() error {
	g.slots <- struct{}{}
	defer func() { <-g.slots }()
	return g.work()
}

func e48() {
	g := newGate()
	for range 3 {
		g.passB()
	}
}

type tokens struct{ free chan bool }

func newTokens() *tokens {
	t := &tokens{free: make(chan bool, 2)}
	t.free <- true
	t.free <- true
	return t
}

func (t *tokens) work() error { return errRefused }

//pair:e49 lost-semaphore-slot
func (t *tokens) use() error {
	<-t.free
	if err := t.work(); err != nil {
		return err
	}
	t.free <- true
	return nil
}

func e49() {
	t := newTokens()
	for range 3 {
		t.use()
	}
}

//pair:e50 lost-semaphore-slot
func (t *tokens) useB() error {
	<-t.free
	err := t.work()
	t.free <- true
	return err
}

func e50() {
	t := newTokens()
	for range 3 {
		t.useB()
	}
}
