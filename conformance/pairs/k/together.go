package k

import (
	"fmt"
	"os"
	"sync"
)

// A mill grinds what it is fed until it is stopped.
type mill struct {
	mu    sync.Mutex
	fed   *sync.Cond
	sacks []int
	over  bool
	grind func(int)
}

func newMill(grind func(int)) *mill {
	m := &mill{grind: grind}
	m.fed = sync.NewCond(&m.mu)
	go m.run()
	return m
}

func (m *mill) run() {
	for {
		n, ok := m.next()
		if !ok {
			return
		}
		m.grind(n)
	}
}

func (m *mill) next() (int, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.sacks) == 0 {
		if m.over {
			return 0, false
		}
		m.fed.Wait()
	}
	n := m.sacks[0]
	m.sacks = m.sacks[1:]
	return n, true
}

func (m *mill) stop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.over = true
	m.fed.Broadcast()
}

// A barn has a mill, which works for the barn, and a file.
type barn struct {
	mill  *mill
	plan  *os.File
	flour int
}

func (b *barn) take(n int) { b.flour += n }

func (b *barn) check(max int) error {
	if b.flour >= max {
		return errBad
	}
	return nil
}

func (b *barn) Close() error {
	if b.mill != nil {
		b.mill.stop()
	}
	return b.plan.Close()
}

//pair:k36 with-an-error
func barnA(max int) (*barn, error) {
	plan, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	b := &barn{plan: plan}
	b.mill = newMill(b.take)
	return b, b.check(max)
}

func useA(max int) error {
	b, err := barnA(max)
	if err != nil {
		return err
	}
	return b.Close()
}

func k36() { _ = useA(0) }

//pair:k37 with-an-error
func barnB(max int) (*barn, error) {
	plan, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	b := &barn{plan: plan}
	b.mill = newMill(b.take)
	if err := b.check(max); err != nil {
		_ = b.Close()
		return nil, err
	}
	return b, nil
}

func useB(max int) error {
	b, err := barnB(max)
	if err != nil {
		return err
	}
	return b.Close()
}

func k37() { _ = useB(0) }

func barnC(max int) (*barn, error) {
	plan, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	b := &barn{plan: plan}
	b.mill = newMill(b.take)
	return b, b.check(max)
}

//pair:k38 with-an-error
func useC(max int) error {
	b, err := barnC(max)
	if err != nil {
		if b != nil {
			_ = b.Close()
		}
		return err
	}
	return b.Close()
}

func k38() { _ = useC(0) }

// checkAll gives up what there is where it fails.
func (b *barn) checkAll(max int) (err error) {
	defer func() {
		if err != nil {
			_ = b.Close()
		}
	}()
	return b.check(max)
}

//pair:k39 with-an-error
func barnD(max int) (*barn, error) {
	plan, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	b := &barn{plan: plan}
	b.mill = newMill(b.take)
	return b, b.checkAll(max)
}

func useD(max int) error {
	b, err := barnD(max)
	if err != nil {
		return err
	}
	return b.Close()
}

func k39() { _ = useD(0) }

func ofBarn(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("barn: %w", err)
}

//pair:k40 with-no-error
func barnE(name string) (*os.File, error) {
	plan, err := os.Open(name)
	return plan, ofBarn(err)
}

func useE(name string) error {
	plan, err := barnE(name)
	if err != nil {
		return err
	}
	return plan.Close()
}

func k40() {
	_ = useE(os.DevNull)
	_ = useE("none")
}

//pair:k41 works-for-its-owner
func barnF(max int) (*barn, error) {
	b := &barn{}
	b.mill = newMill(b.take)
	if err := b.check(max); err != nil {
		return nil, err
	}
	return b, nil
}

func k41() {
	if b, err := barnF(0); err == nil {
		b.mill.stop()
	}
}

//pair:k42 works-for-its-owner
func barnG(max int) (*barn, error) {
	b := &barn{}
	b.mill = newMill(b.take)
	if err := b.check(max); err != nil {
		b.mill.stop()
		return nil, err
	}
	return b, nil
}

func k42() {
	if b, err := barnG(0); err == nil {
		b.mill.stop()
	}
}

// A village has mills, and stops them.
type village struct{ mills []*mill }

//pair:k43 works-for-others-too
func (v *village) barn(max int) (*barn, error) {
	b := &barn{}
	b.mill = newMill(b.take)
	v.mills = append(v.mills, b.mill)
	if err := b.check(max); err != nil {
		return nil, err
	}
	return b, nil
}

func k43() {
	v := &village{}
	_, _ = v.barn(0)
	for _, m := range v.mills {
		m.stop()
	}
}

// A press has a mill that works for it, whose goroutine closes the page of the press, and another one.
type press struct {
	mill  *mill
	spare *mill
	page  *os.File
}

func (p *press) turn(int) {
	if p.page != nil {
		_ = p.page.Close()
	}
	p.page, _ = os.Open(os.DevNull)
}

func (p *press) check(fail bool) error {
	if fail {
		return errBad
	}
	return nil
}

//pair:k44 closes-another-part
func pressA(fail bool) (*press, error) {
	p := &press{spare: newMill(func(int) {})}
	p.mill = newMill(p.turn)
	if err := p.check(fail); err != nil {
		p.mill.stop()
		return nil, err
	}
	return p, nil
}

func k44() { _, _ = pressA(true) }

//pair:k45 closes-another-part
func pressB(fail bool) (*press, error) {
	p := &press{spare: newMill(func(int) {})}
	p.mill = newMill(p.turn)
	if err := p.check(fail); err != nil {
		p.mill.stop()
		p.spare.stop()
		return nil, err
	}
	return p, nil
}

func k45() { _, _ = pressB(true) }
