package d

import (
	"sync"
	"sync/atomic"
)

//pair:d83 own-out-parameter
func open83(to **agent, err error) error {
	a := newAgent()
	if err := fails(err); err != nil {
		return err
	}
	*to = a
	return nil
}

func d83() {
	var a *agent
	if open83(&a, errWay) == nil {
		a.halt()
	}
}

//pair:d84 own-out-parameter
func open84(to **agent, err error) error {
	*to = newAgent()
	return fails(err)
}

func d84() {
	var a *agent
	_ = open84(&a, errWay)
	a.halt()
}

//pair:d85 own-named-result
func open85(fault error) (a *agent, err error) {
	a = newAgent()
	defer func() {
		if err != nil && a != nil {
			a.halt()
		}
	}()
	if err := fails(fault); err != nil {
		return nil, err
	}
	return a, nil
}

func d85() {
	if a, err := open85(errWay); err == nil {
		a.halt()
	}
}

//pair:d86 own-named-result
func open86(fault error) (a *agent, err error) {
	a = newAgent()
	defer func() {
		if err != nil && a != nil {
			a.halt()
		}
	}()
	if err := fails(fault); err != nil {
		return a, err
	}
	return a, nil
}

func d86() {
	if a, err := open86(errWay); err == nil {
		a.halt()
	}
}

//pair:d87 own-wait-group
func d87() {
	a := newAgent()
	var work sync.WaitGroup
	work.Go(func() { a.ping() })
	work.Wait()
}

//pair:d88 own-wait-group
func d88() {
	a := newAgent()
	var work sync.WaitGroup
	work.Go(func() {
		defer a.halt()
		a.ping()
	})
	work.Wait()
}

//pair:d89 own-atomic-value
type post89 struct{ now atomic.Value }

func (p *post89) man(err error) error {
	a := newAgent()
	if err := fails(err); err != nil {
		return err
	}
	p.now.Store(a)
	return nil
}

func d89() {
	p := &post89{}
	if p.man(errWay) == nil {
		p.now.Load().(*agent).halt()
	}
}

//pair:d90 own-atomic-value
type post90 struct{ now atomic.Value }

func (p *post90) man(err error) error {
	p.now.Store(newAgent())
	return fails(err)
}

func d90() {
	p := &post90{}
	_ = p.man(errWay)
	p.now.Load().(*agent).halt()
}

//pair:d91 own-stop-field
type session91 struct {
	end  func()
	name string
}

func newSession91(name string, err error) (*session91, error) {
	a := newAgent()
	if err := fails(err); err != nil {
		return nil, err
	}
	return &session91{end: a.halt, name: name}, nil
}

func d91() {
	if s, err := newSession91("s", errWay); err == nil {
		s.end()
	}
}

//pair:d92 own-stop-field
type session92 struct {
	end  func()
	name string
}

func newSession92(name string, err error) (*session92, error) {
	a := newAgent()
	s := &session92{end: a.halt, name: name}
	if err := fails(err); err != nil {
		s.end()
		return nil, err
	}
	return s, nil
}

func d92() {
	if s, err := newSession92("s", errWay); err == nil {
		s.end()
	}
}
