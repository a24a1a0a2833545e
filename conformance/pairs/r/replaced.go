package r

import (
	"errors"
	"io"
	"net/http"
	"sync"
)

//pair:r01 used-then-replaced

// tail follows a name until it is closed.
type tail struct {
	name string
	quit chan struct{}
}

func follow(name string) (*tail, error) {
	if name == "" {
		return nil, errors.New("no name")
	}
	t := &tail{name: name, quit: make(chan struct{})}
	go func() { <-t.quit }()
	return t, nil
}

func (t *tail) send(line string) error {
	if line == "" {
		return errors.New("nothing to send")
	}
	return nil
}

func (t *tail) Close() { close(t.quit) }

type sinkA struct {
	name string
	t    *tail
}

func (s *sinkA) open() error {
	t, err := follow(s.name)
	if err != nil {
		return err
	}
	s.t = t
	return nil
}

func (s *sinkA) Put(line string) error {
	if s.t == nil {
		if err := s.open(); err != nil {
			return err
		}
	}
	if err := s.t.send(line); err != nil {
		return s.open()
	}
	return nil
}

func (s *sinkA) Close() { s.t.Close() }

func r01() {
	s := &sinkA{name: "a"}
	_ = s.Put("")
	s.Close()
}

//pair:r02 used-then-replaced
type sinkB struct {
	name string
	t    *tail
}

func (s *sinkB) open() error {
	t, err := follow(s.name)
	if err != nil {
		return err
	}
	s.t = t
	return nil
}

func (s *sinkB) Put(line string) error {
	if s.t == nil {
		if err := s.open(); err != nil {
			return err
		}
	}
	if err := s.t.send(line); err != nil {
		s.t.Close()
		return s.open()
	}
	return nil
}

func (s *sinkB) Close() { s.t.Close() }

func r02() {
	s := &sinkB{name: "a"}
	_ = s.Put("")
	s.Close()
}

//pair:r03 entry-replaced
type tailC struct{ quit chan struct{} }

func followC(name string) (*tailC, error) {
	if name == "" {
		return nil, errors.New("no name")
	}
	t := &tailC{make(chan struct{})}
	go func() { <-t.quit }()
	return t, nil
}

func (t *tailC) Close() { close(t.quit) }

// TailsC has a tail for each name.
type TailsC struct {
	mu sync.Mutex
	m  map[string]*tailC
}

// Follow follows a name.
func (t *TailsC) Follow(name string) error {
	one, err := followC(name)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.m[name] = one
	return nil
}

// Close ends all.
func (t *TailsC) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, one := range t.m {
		one.Close()
	}
}

func r03() {
	t := &TailsC{m: map[string]*tailC{}}
	_ = t.Follow("a")
	_ = t.Follow("a")
	t.Close()
}

//pair:r04 entry-replaced
type tailD struct{ quit chan struct{} }

func followD(name string) (*tailD, error) {
	if name == "" {
		return nil, errors.New("no name")
	}
	t := &tailD{make(chan struct{})}
	go func() { <-t.quit }()
	return t, nil
}

func (t *tailD) Close() { close(t.quit) }

// TailsD has a tail for each name.
type TailsD struct {
	mu sync.Mutex
	m  map[string]*tailD
}

// Follow follows a name.
func (t *TailsD) Follow(name string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.m[name] != nil {
		return nil
	}
	one, err := followD(name)
	if err != nil {
		return err
	}
	t.m[name] = one
	return nil
}

// Close ends all.
func (t *TailsD) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, one := range t.m {
		one.Close()
	}
}

func r04() {
	t := &TailsD{m: map[string]*tailD{}}
	_ = t.Follow("a")
	_ = t.Follow("a")
	t.Close()
}

// press answers every request with a page that has a goroutine until it is closed.
type press struct{}

type page struct{ quit chan struct{} }

func (p page) Read([]byte) (int, error) { return 0, io.EOF }

func (p page) Close() error {
	close(p.quit)
	return nil
}

func (press) RoundTrip(r *http.Request) (*http.Response, error) {
	p := page{make(chan struct{})}
	go func() { <-p.quit }()
	return &http.Response{StatusCode: http.StatusOK, Body: p, Request: r}, nil
}

var printer = http.Client{Transport: press{}}

// sheet has an answer until one of its two ends.
type sheet struct{ answer *http.Response }

func blank() (*sheet, error) {
	answer, err := printer.Get("http://press/")
	if err != nil {
		return nil, err
	}
	return &sheet{answer}, nil
}

func (s *sheet) mark(line string) error {
	if line == "" || s.answer.StatusCode != http.StatusOK {
		return errors.New("nothing to mark")
	}
	return nil
}

func (s *sheet) keep() error { return s.answer.Body.Close() }
func (s *sheet) tear()       { _ = s.answer.Body.Close() }

//pair:r05 end-of-any-name
func markA(line string) error {
	s, err := blank()
	if err != nil {
		return err
	}
	if err := s.mark(line); err != nil {
		return err
	}
	return s.keep()
}

func r05() { _ = markA("") }

//pair:r06 end-of-any-name
func markB(line string) error {
	s, err := blank()
	if err != nil {
		return err
	}
	if err := s.mark(line); err != nil {
		s.tear()
		return err
	}
	return s.keep()
}

func r06() { _ = markB("") }

// lines ends by itself with its last line.
type lines struct {
	answer *http.Response
	left   int
}

func read() (*lines, error) {
	answer, err := printer.Get("http://press/")
	if err != nil {
		return nil, err
	}
	return &lines{answer: answer, left: 2}, nil
}

func (l *lines) more() bool {
	if l.answer == nil {
		return false
	}
	l.left--
	if l.left > 0 {
		return true
	}
	_ = l.answer.Body.Close()
	l.answer = nil
	return false
}

//pair:r07 end-of-any-name
func r07() {
	l, err := read()
	if err != nil {
		return
	}
	for l.more() {
	}
}

// binder is out of view wherever it is used.
type binder interface{ Bind(r io.Reader) error }

type glue struct{ dry bool }

func (g glue) Bind(io.Reader) error {
	if g.dry {
		return errors.New("dry")
	}
	return nil
}

//pair:r08 lent-and-closed
func bindA(b binder) error {
	answer, err := printer.Get("http://press/")
	if err != nil {
		return err
	}
	if err := b.Bind(answer.Body); err != nil {
		return err
	}
	return answer.Body.Close()
}

func r08() { _ = bindA(glue{true}) }

//pair:r09 lent-and-closed
func bindB(b binder) error {
	answer, err := printer.Get("http://press/")
	if err != nil {
		return err
	}
	if err := b.Bind(answer.Body); err != nil {
		_ = answer.Body.Close()
		return err
	}
	return answer.Body.Close()
}

func r09() { _ = bindB(glue{true}) }
