package d

import (
	"container/list"
	"errors"
	"sync"
	"sync/atomic"
)

var errWay = errors.New("way")

func fails(err error) error { return err }

//pair:d49 own-map
type fleet49 struct{ agents map[string]*agent }

func (f *fleet49) add(name string, err error) error {
	a := newAgent()
	if err := fails(err); err != nil {
		return err
	}
	f.agents[name] = a
	return nil
}

func (f *fleet49) end() {
	for name, a := range f.agents {
		a.halt()
		delete(f.agents, name)
	}
}

func d49() {
	f := &fleet49{map[string]*agent{}}
	defer f.end()
	_ = f.add("a", errWay)
}

//pair:d50 own-map
type fleet50 struct{ agents map[string]*agent }

func (f *fleet50) add(name string, err error) error {
	a := newAgent()
	f.agents[name] = a
	return fails(err)
}

func (f *fleet50) end() {
	for name, a := range f.agents {
		a.halt()
		delete(f.agents, name)
	}
}

func d50() {
	f := &fleet50{map[string]*agent{}}
	defer f.end()
	_ = f.add("a", errWay)
}

//pair:d51 own-stop-function
func start51() (*agent, func()) {
	a := newAgent()
	return a, a.halt
}

func d51() {
	a, stop := start51()
	a.ping()
	if a.n.Load() == 0 {
		stop()
	}
}

//pair:d52 own-stop-function
func start52() (*agent, func()) {
	a := newAgent()
	return a, a.halt
}

func d52() {
	a, stop := start52()
	defer stop()
	a.ping()
}

//pair:d53 own-with
func with53(use func(*agent) error) error {
	a := newAgent()
	if err := use(a); err != nil {
		return err
	}
	a.halt()
	return nil
}

func d53() { _ = with53(func(*agent) error { return errWay }) }

//pair:d54 own-with
func with54(use func(*agent) error) error {
	a := newAgent()
	err := use(a)
	a.halt()
	return err
}

func d54() { _ = with54(func(*agent) error { return errWay }) }

//pair:d55 own-sync-map
type office55 struct{ agents sync.Map }

func (o *office55) add(name string, err error) error {
	a := newAgent()
	if err := fails(err); err != nil {
		return err
	}
	o.agents.Store(name, a)
	return nil
}

func (o *office55) end() {
	o.agents.Range(func(_, a any) bool {
		a.(*agent).halt()
		return true
	})
}

func d55() {
	o := &office55{}
	defer o.end()
	_ = o.add("a", errWay)
}

//pair:d56 own-sync-map
type office56 struct{ agents sync.Map }

func (o *office56) add(name string) { o.agents.Store(name, newAgent()) }

func (o *office56) end() {
	o.agents.Range(func(_, a any) bool {
		a.(*agent).halt()
		return true
	})
}

func d56() {
	o := &office56{}
	defer o.end()
	o.add("a")
}

//pair:d57 own-atomic-pointer
type seat57 struct{ current atomic.Pointer[agent] }

func (s *seat57) take(err error) error {
	a := newAgent()
	if err := fails(err); err != nil {
		return err
	}
	if old := s.current.Swap(a); old != nil {
		old.halt()
	}
	return nil
}

func (s *seat57) leave() {
	if a := s.current.Swap(nil); a != nil {
		a.halt()
	}
}

func d57() {
	s := &seat57{}
	defer s.leave()
	_ = s.take(errWay)
}

//pair:d58 own-atomic-pointer
type seat58 struct{ current atomic.Pointer[agent] }

func (s *seat58) take() {
	if old := s.current.Swap(newAgent()); old != nil {
		old.halt()
	}
}

func (s *seat58) leave() {
	if a := s.current.Swap(nil); a != nil {
		a.halt()
	}
}

func d58() {
	s := &seat58{}
	defer s.leave()
	s.take()
	s.take()
}

//pair:d59 own-select
func offer59(to chan *agent) bool {
	a := newAgent()
	select {
	case to <- a:
		return true
	default:
		return false
	}
}

func d59() {
	to := make(chan *agent, 1)
	if offer59(to) {
		(<-to).halt()
	}
	_ = offer59(nil)
}

//pair:d60 own-select
func offer60(to chan *agent) bool {
	a := newAgent()
	select {
	case to <- a:
		return true
	default:
		a.halt()
		return false
	}
}

func d60() {
	to := make(chan *agent, 1)
	if offer60(to) {
		(<-to).halt()
	}
	_ = offer60(nil)
}

//pair:d61 own-two
func both61(err error) (*agent, *agent, error) {
	a := newAgent()
	if err := fails(err); err != nil {
		return nil, nil, err
	}
	return a, newAgent(), nil
}

func d61() {
	a, b, err := both61(errWay)
	if err == nil {
		a.halt()
		b.halt()
	}
}

//pair:d62 own-two
func both62(err error) (*agent, *agent, error) {
	a := newAgent()
	if err := fails(err); err != nil {
		a.halt()
		return nil, nil, err
	}
	return a, newAgent(), nil
}

func d62() {
	for _, err := range []error{nil, errWay} {
		if a, b, err := both62(err); err == nil {
			a.halt()
			b.halt()
		}
	}
}

//pair:d63 own-list
type queue63 struct{ all list.List }

func (q *queue63) add(err error) error {
	a := newAgent()
	if err := fails(err); err != nil {
		return err
	}
	q.all.PushBack(a)
	return nil
}

func (q *queue63) end() {
	for e := q.all.Front(); e != nil; e = e.Next() {
		e.Value.(*agent).halt()
	}
}

func d63() {
	q := &queue63{}
	defer q.end()
	_ = q.add(errWay)
}

//pair:d64 own-list
type queue64 struct{ all list.List }

func (q *queue64) add() { q.all.PushBack(newAgent()) }

func (q *queue64) end() {
	for e := q.all.Front(); e != nil; e = e.Next() {
		e.Value.(*agent).halt()
	}
}

func d64() {
	q := &queue64{}
	defer q.end()
	q.add()
}

//pair:d65 own-flag
func open65(err error) (a *agent, failed error) {
	a = newAgent()
	ok := true
	defer func() {
		if !ok {
			a.halt()
		}
	}()
	if err := fails(err); err != nil {
		return nil, err
	}
	return a, nil
}

func d65() {
	if a, err := open65(errWay); err == nil {
		a.halt()
	}
}

//pair:d66 own-flag
func open66(err error) (*agent, error) {
	a := newAgent()
	ok := false
	defer func() {
		if !ok {
			a.halt()
		}
	}()
	if err := fails(err); err != nil {
		return nil, err
	}
	ok = true
	return a, nil
}

func d66() {
	for _, err := range []error{errWay, nil} {
		if a, err := open66(err); err == nil {
			a.halt()
		}
	}
}

//pair:d71 own-array
func d71() {
	pair := [2]*agent{newAgent(), newAgent()}
	defer pair[0].halt()
	pair[1].ping()
}

//pair:d72 own-array
func d72() {
	pair := [2]*agent{newAgent(), newAgent()}
	for _, a := range pair {
		defer a.halt()
	}
}

//pair:d73 own-struct-value
type kit73 struct {
	name string
	a    *agent
}

func newKit73(err error) (kit73, error) {
	k := kit73{a: newAgent()}
	if err := fails(err); err != nil {
		return kit73{}, err
	}
	return k, nil
}

func d73() {
	if k, err := newKit73(errWay); err == nil {
		k.a.halt()
	}
}

//pair:d74 own-struct-value
type kit74 struct {
	name string
	a    *agent
}

func newKit74(err error) (kit74, error) {
	k := kit74{a: newAgent()}
	if err := fails(err); err != nil {
		return k, err
	}
	return k, nil
}

func d74() {
	k, _ := newKit74(errWay)
	k.a.halt()
}

//pair:d75 own-variadic
func endAll75(agents ...*agent) {
	for _, a := range agents[1:] {
		a.halt()
	}
}

func d75() {
	a, b := newAgent(), newAgent()
	endAll75(a, b)
}

//pair:d76 own-variadic
func endAll76(agents ...*agent) {
	for _, a := range agents {
		a.halt()
	}
}

func d76() {
	a, b := newAgent(), newAgent()
	endAll76(a, b)
}

//pair:d77 own-replaced
type desk77 struct{ a *agent }

func (d *desk77) renew() {
	d.a = newAgent()
	d.a.ping()
}

func d77() {
	d := &desk77{a: newAgent()}
	d.renew()
	d.a.halt()
}

//pair:d78 own-replaced
type desk78 struct{ a *agent }

func (d *desk78) renew() {
	d.a.halt()
	d.a = newAgent()
}

func d78() {
	d := &desk78{a: newAgent()}
	d.renew()
	d.a.halt()
}

//pair:d79 own-once
type node79 struct {
	a    *agent
	over sync.Once
}

func (n *node79) end() { n.over.Do(func() { n.a.ping() }) }

func d79() {
	n := &node79{a: newAgent()}
	n.end()
}

//pair:d80 own-once
type node80 struct {
	a    *agent
	over sync.Once
}

func (n *node80) end() { n.over.Do(n.a.halt) }

func d80() {
	n := &node80{a: newAgent()}
	n.end()
	n.end()
}

//pair:d81 own-message
type order81 struct {
	a    *agent
	done chan struct{}
}

func d81() {
	orders := make(chan order81, 1)
	orders <- order81{newAgent(), make(chan struct{})}
	o := <-orders
	close(o.done)
}

//pair:d82 own-message
type order82 struct {
	a    *agent
	done chan struct{}
}

func d82() {
	orders := make(chan order82, 1)
	orders <- order82{newAgent(), make(chan struct{})}
	o := <-orders
	o.a.halt()
	close(o.done)
}
