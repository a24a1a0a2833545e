// Package g has programs about duties that only callers know of, and about owners whose stop method
// forgets a part.
package g

import (
	"errors"
	"os"
	"sync/atomic"
)

// A shelf opens snapshots; each keeps a file open and has a goroutine.
type shelf struct{ name string }

type snapshot struct {
	file *os.File
	done chan struct{}
}

type source interface {
	Take() (*snapshot, error)
}

func (s shelf) Take() (*snapshot, error) {
	file, err := os.Open(s.name)
	if err != nil {
		return nil, err
	}
	snap := &snapshot{file: file, done: make(chan struct{})}
	go snap.watch()
	return snap, nil
}

type spring struct{ shelf }

// Draw takes a snapshot.
func (s spring) Draw() (*snapshot, error) { return s.Take() }

type well interface {
	Draw() (*snapshot, error)
}

func (s *snapshot) watch()               { <-s.done }
func (s *snapshot) size() (int64, error) { return s.file.Seek(0, 2) }
func (s *snapshot) Release() {
	close(s.done)
	s.file.Close()
}

var (
	null  source = shelf{os.DevNull}
	water well   = spring{shelf{os.DevNull}}
	limit atomic.Int64
	errF  = errors.New("too small")
)

//pair:g01 duty-early-return
func sizeF(s source) (int64, error) {
	snap, err := s.Take()
	if err != nil {
		return 0, err
	}
	n, err := snap.size()
	if err != nil {
		return 0, err
	}
	if n <= limit.Load() {
		return 0, errF
	}
	snap.Release()
	return n, nil
}

func g01() { _, _ = sizeF(null) }

//pair:g02 duty-early-return
func sizeG(s source) (int64, error) {
	snap, err := s.Take()
	if err != nil {
		return 0, err
	}
	defer snap.Release()
	n, err := snap.size()
	if err != nil {
		return 0, err
	}
	if n <= limit.Load() {
		return 0, errF
	}
	return n, nil
}

func g02() { _, _ = sizeG(null) }

//pair:g03 duty-of-others
func g03() {
	snap, err := water.Draw()
	if err != nil {
		return
	}
	each(func() { _, _ = snap.size() })
}

//pair:g04 duty-of-others
func g04() {
	snap, err := water.Draw()
	if err != nil {
		return
	}
	each(func() { _, _ = snap.size() })
	snap.Release()
}

func each(f func()) {
	for range 3 {
		f()
	}
}

// Handed over to a function that keeps it, which is as good.
//
//pair:g05 duty-of-others
func g05() {
	snap, err := water.Draw()
	if err != nil {
		return
	}
	later := []func(){snap.Release}
	_, _ = snap.size()
	for _, f := range later {
		f()
	}
}

//pair:g09 duty-of-others
func g09() {
	snap, err := water.Draw()
	if err != nil {
		return
	}
	defer snap.Release()
	_, _ = snap.size()
}

//pair:g10 duty-of-others
func g10() {
	snap, err := water.Draw()
	if err != nil {
		return
	}
	defer func() { snap.Release() }()
	each(func() { _, _ = snap.size() })
}

//pair:g06 stop-forgets
type flusher struct {
	done chan struct{}
	n    int
}

func newFlusher() *flusher {
	f := &flusher{done: make(chan struct{})}
	go f.run()
	return f
}

func (f *flusher) run()   { <-f.done }
func (f *flusher) flush() { f.n++ }
func (f *flusher) stop()  { close(f.done) }

type log struct {
	file  *os.File
	first *flusher
}

func newLog() (*log, error) {
	file, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	return &log{file: file, first: newFlusher()}, nil
}

// Close forgets the flusher.
func (l *log) Close() error {
	l.first.flush()
	return l.file.Close()
}

func g06() {
	l, err := newLog()
	if err != nil {
		return
	}
	defer l.Close()
	l.first.flush()
}

type wholeLog struct {
	file   *os.File
	second *flusher
}

func newWholeLog() (*wholeLog, error) {
	file, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	return &wholeLog{file: file, second: newFlusher()}, nil
}

func (l *wholeLog) Close() error {
	l.second.stop()
	return l.file.Close()
}

//pair:g07 stop-forgets
func g07() {
	l, err := newWholeLog()
	if err != nil {
		return
	}
	defer l.Close()
	l.second.flush()
}

type borrower struct{ third *flusher }

func newBorrower(third *flusher) *borrower { return &borrower{third: third} }

// Close leaves alone what the borrower did not make.
func (b *borrower) Close() { b.third.flush() }

//pair:g08 stop-forgets
func g08() {
	third := newFlusher()
	b := newBorrower(third)
	b.Close()
	third.stop()
}
