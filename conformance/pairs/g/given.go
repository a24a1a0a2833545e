package g

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

// Snapshots are taken for a function that releases them itself, on all of its ways or not.

var errEmpty = errors.New("empty")

//pair:g11 given-to-close
func measureF(snap *snapshot) (int64, error) {
	n, err := snap.size()
	if err != nil {
		return 0, err
	}
	if n <= limit.Load() {
		return 0, errEmpty
	}
	snap.Release()
	return n, nil
}

func g11() {
	snap, err := null.Take()
	if err != nil {
		return
	}
	_, _ = measureF(snap)
}

//pair:g12 given-to-close
func measureG(snap *snapshot) (int64, error) {
	n, err := snap.size()
	if err != nil {
		snap.Release()
		return 0, err
	}
	if n <= limit.Load() {
		snap.Release()
		return 0, errEmpty
	}
	snap.Release()
	return n, nil
}

func g12() {
	snap, err := null.Take()
	if err != nil {
		return
	}
	_, _ = measureG(snap)
}

// As the first one, but the caller closes it where the function fails.
//
//pair:g13 given-to-close
func g13() {
	snap, err := null.Take()
	if err != nil {
		return
	}
	if _, err := measureH(snap); err != nil {
		snap.Release()
	}
}

func measureH(snap *snapshot) (int64, error) {
	n, err := snap.size()
	if err != nil {
		return 0, err
	}
	if n <= limit.Load() {
		return 0, errEmpty
	}
	snap.Release()
	return n, nil
}

// A probe has a context of its own for each connection.
type probe struct {
	all    context.Context
	ctx    context.Context
	cancel context.CancelFunc
	n      int
}

func (p *probe) follow() {
	ctx := p.ctx
	go func() { <-ctx.Done() }()
}

//pair:g14 cancel-replaced
func (p *probe) renewF() {
	p.ctx, p.cancel = context.WithCancel(p.all)
	p.follow()
}

func (p *probe) runF(turns int) {
	for range turns {
		p.renewF()
	}
}

func (p *probe) stop() {
	if p.cancel != nil {
		p.cancel()
	}
}

var always, stopAlways = context.WithCancel(context.Background())

func g14() {
	p := &probe{all: always}
	p.runF(2)
	p.stop()
}

//pair:g15 cancel-replaced
func (p *probe) renewG() {
	if p.cancel != nil {
		p.cancel()
	}
	p.ctx, p.cancel = context.WithCancel(p.all)
	p.follow()
}

func g15() {
	p := &probe{all: always}
	for range 2 {
		p.renewG()
	}
	p.stop()
}

// A reader has one snapshot at a time, or should have.
type reader struct {
	from source
	snap *snapshot
}

//pair:g16 snapshot-replaced
func (r *reader) reopenF() error {
	snap, err := r.from.Take()
	if err != nil {
		return err
	}
	r.snap = snap
	return nil
}

func (r *reader) runF(turns int) {
	for range turns {
		if r.reopenF() != nil {
			return
		}
	}
}

func (r *reader) Close() { r.snap.Release() }

func g16() {
	r := &reader{from: null}
	r.runF(2)
	r.Close()
}

//pair:g17 snapshot-replaced
func (r *reader) reopenG() error {
	snap, err := r.from.Take()
	if err != nil {
		return err
	}
	if r.snap != nil {
		r.snap.Release()
	}
	r.snap = snap
	return nil
}

func (r *reader) runG(turns int) {
	for range turns {
		if r.reopenG() != nil {
			return
		}
	}
}

func g17() {
	r := &reader{from: null}
	r.runG(2)
	r.Close()
}

// A reload waits for a signal, or for its turn to be over.
//
//pair:g18 signal-kept
func reloadF(over <-chan struct{}) {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	go func() { <-hup }()
	<-over
}

func g18() {
	over := make(chan struct{})
	close(over)
	for range 2 {
		reloadF(over)
	}
}

//pair:g19 signal-kept
func reloadG(over <-chan struct{}) {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	select {
	case <-hup:
	case <-over:
	}
}

func g19() {
	over := make(chan struct{})
	close(over)
	for range 2 {
		reloadG(over)
	}
}
