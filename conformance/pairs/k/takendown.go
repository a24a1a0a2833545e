package k

// A hall knows its guests.
type hall struct{ guests map[*guest]struct{} }

var (
	ballroom = &hall{guests: map[*guest]struct{}{}}
	kitchen  = &hall{guests: map[*guest]struct{}{}}
)

// A guest is in one hall.
type guest struct {
	in   *hall
	data [64]byte
}

func (g *guest) enter(h *hall) {
	g.in = h
	h.let(g)
}

func (h *hall) let(g *guest) { h.guests[g] = struct{}{} }

func (g *guest) leave() {
	if g.in != nil {
		delete(g.in.guests, g)
		g.in = nil
	}
}

// A visit has a guest in two halls.
type visit struct {
	one, other *guest
	steps      int
	over       bool
}

func (v *visit) end() { v.undo(true) }

func (v *visit) undo(all bool) {
	v.one.leave()
	if all {
		v.other.leave()
	}
	v.over = true
}

func (v *visit) step(n int) error {
	if v.steps == n {
		return errBad
	}
	v.steps++
	return nil
}

func (v *visit) begin() {
	v.one.enter(ballroom)
	v.other.enter(kitchen)
}

//pair:k30 taken-down-elsewhere
func visitA(first, second, third int) (*visit, error) {
	v := &visit{one: &guest{}, other: &guest{}}
	v.begin()
	if first < 0 {
		v.end()
		return nil, errBad
	}
	if err := v.step(first); err != nil {
		v.end()
		return nil, err
	}
	if err := v.step(second); err != nil {
		v.end()
		return nil, err
	}
	if err := v.step(third); err != nil {
		return nil, err
	}
	return v, nil
}

func k30() { _, _ = visitA(9, 9, 2) }

//pair:k31 taken-down-elsewhere
func visitB(first, second, third int) (*visit, error) {
	v := &visit{one: &guest{}, other: &guest{}}
	v.begin()
	if first < 0 {
		v.end()
		return nil, errBad
	}
	if err := v.step(first); err != nil {
		v.end()
		return nil, err
	}
	if err := v.step(second); err != nil {
		v.end()
		return nil, err
	}
	if err := v.step(third); err != nil {
		v.end()
		return nil, err
	}
	return v, nil
}

func k31() { _, _ = visitB(9, 9, 2) }

// last ends the visit itself where it fails.
func (v *visit) last(n int) error {
	if err := v.step(n); err != nil {
		v.undo(true)
		return err
	}
	return nil
}

//pair:k32 taken-down-by-the-step
func visitC(first, second, third int) (*visit, error) {
	v := &visit{one: &guest{}, other: &guest{}}
	v.begin()
	if err := v.step(first); err != nil {
		v.end()
		return nil, err
	}
	if err := v.step(second); err != nil {
		v.end()
		return nil, err
	}
	if err := v.last(third); err != nil {
		return nil, err
	}
	return v, nil
}

func k32() { _, _ = visitC(9, 9, 2) }

// A host ends the visits that it got.
type host struct{ visits []*visit }

func (h *host) adopt(v *visit) { h.visits = append(h.visits, v) }

func (h *host) close() {
	for _, v := range h.visits {
		v.end()
	}
	h.visits = nil
}

//pair:k33 handed-on-before
func (h *host) visit(first, second, third int) (*visit, error) {
	v := &visit{one: &guest{}, other: &guest{}}
	v.begin()
	if err := v.step(first); err != nil {
		v.end()
		return nil, err
	}
	if err := v.step(second); err != nil {
		v.end()
		return nil, err
	}
	h.adopt(v)
	if err := v.step(third); err != nil {
		return nil, err
	}
	return v, nil
}

func k33() {
	h := &host{}
	_, _ = h.visit(9, 9, 2)
	h.close()
}

//pair:k34 taken-down-if-begun
func visitD(begin bool, first, second int) (*visit, error) {
	v := &visit{one: &guest{}, other: &guest{}}
	if begin {
		v.begin()
	}
	if err := v.step(first); err != nil {
		if begin {
			v.end()
			return nil, err
		}
		return nil, errBad
	}
	if err := v.step(second); err != nil {
		if begin {
			v.end()
			return nil, err
		}
		return nil, err
	}
	return v, nil
}

func k34() { _, _ = visitD(false, 9, 1) }

//pair:k35 nothing-to-take-down
func visitE(first, second, third int) (*visit, error) {
	v := &visit{one: &guest{}, other: &guest{}}
	if err := v.step(first); err != nil {
		v.steps = 0
		return nil, err
	}
	if err := v.step(second); err != nil {
		v.fail(2)
		return nil, err
	}
	if err := v.step(third); err != nil {
		v.fail(3)
		return nil, err
	}
	if err := v.step(third + 1); err != nil {
		return nil, err
	}
	return v, nil
}

// fail only remembers where it was.
func (v *visit) fail(n int) { v.steps = -n }

func k35() { _, _ = visitE(9, 9, 2) }
