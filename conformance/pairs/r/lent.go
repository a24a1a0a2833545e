package r

import (
	"errors"
	"io"
	"net/http"
)

// What a function only lends is still its own to close.

var errShort = errors.New("too short")

// readA closes the answer that it is given, but not when it is of no use.
//
//pair:r10 response-given
func readA(answer *http.Response, want int) ([]byte, error) {
	if answer.StatusCode != want {
		return nil, errShort
	}
	b := make([]byte, 1)
	if _, err := answer.Body.Read(b); err != nil {
		answer.Body.Close()
		return nil, err
	}
	return b, answer.Body.Close()
}

func askA(want int) ([]byte, error) {
	answer, err := printer.Get("http://press/")
	if err != nil {
		return nil, err
	}
	return readA(answer, want)
}

func r10() { _, _ = askA(http.StatusCreated) }

//pair:r11 response-given
func readB(answer *http.Response, want int) ([]byte, error) {
	if answer.StatusCode != want {
		answer.Body.Close()
		return nil, errShort
	}
	b := make([]byte, 1)
	if _, err := answer.Body.Read(b); err != nil {
		answer.Body.Close()
		return nil, err
	}
	return b, answer.Body.Close()
}

func askB(want int) ([]byte, error) {
	answer, err := printer.Get("http://press/")
	if err != nil {
		return nil, err
	}
	return readB(answer, want)
}

func r11() { _, _ = askB(http.StatusCreated) }

// times calls a function some times, unless it fails.
func times(n int, f func(int) error) error {
	for i := range n {
		if err := f(i); err != nil {
			return err
		}
	}
	return nil
}

//pair:r12 used-by-a-literal
func copyC(n int) error {
	answer, err := printer.Get("http://press/")
	if err != nil {
		return err
	}
	if err := times(n, func(i int) error {
		if i > 1 {
			return errShort
		}
		_, err := answer.Body.Read(make([]byte, 1))
		return err
	}); err != nil {
		return err
	}
	return answer.Body.Close()
}

func r12() { _ = copyC(4) }

//pair:r13 used-by-a-literal
func copyD(n int) error {
	answer, err := printer.Get("http://press/")
	if err != nil {
		return err
	}
	if err := times(n, func(i int) error {
		if i > 1 {
			return errShort
		}
		_, err := answer.Body.Read(make([]byte, 1))
		return err
	}); err != nil {
		answer.Body.Close()
		return err
	}
	return answer.Body.Close()
}

func r13() { _ = copyD(4) }

// shelf stores what it reads.
type shelf interface {
	Store(name string, from io.Reader) (int, error)
}

type top struct{}

func (top) Store(_ string, from io.Reader) (int, error) {
	return from.Read(make([]byte, 1))
}

//pair:r14 lent-to-an-interface
func storeE(s shelf) error {
	answer, err := printer.Get("http://press/")
	if err != nil {
		return err
	}
	_, err = s.Store("a", answer.Body)
	return err
}

func r14() { _ = storeE(top{}) }

//pair:r15 lent-to-an-interface
func storeF(s shelf) error {
	answer, err := printer.Get("http://press/")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = s.Store("a", answer.Body)
	return err
}

func r15() { _ = storeF(top{}) }

// Option sets something of a press room.
type Option func(*room)

// Loud makes a room loud.
func Loud() Option { return func(r *room) { r.loud = true } }

type room struct {
	answer *http.Response
	loud   bool
}

func (r *room) Close() error { return r.answer.Body.Close() }

//pair:r16 options
func newRoomG(options ...Option) (*room, error) {
	r := &room{}
	for _, option := range options {
		option(r)
	}
	answer, err := printer.Get("http://press/")
	if err != nil {
		return nil, err
	}
	r.answer = answer
	if r.loud {
		return nil, errShort
	}
	return r, nil
}

func r16() {
	if r, err := newRoomG(Loud()); err == nil {
		r.Close()
	}
}

//pair:r17 options
func newRoomH(options ...Option) (*room, error) {
	r := &room{}
	for _, option := range options {
		option(r)
	}
	answer, err := printer.Get("http://press/")
	if err != nil {
		return nil, err
	}
	r.answer = answer
	if r.loud {
		r.Close()
		return nil, errShort
	}
	return r, nil
}

func r17() {
	if r, err := newRoomH(Loud()); err == nil {
		r.Close()
	}
}

// letters reads what it is put around.
type letters struct{ from io.Reader }

func newLetters(from io.Reader) *letters { return &letters{from: from} }

func (l *letters) first() (byte, error) {
	b := make([]byte, 1)
	_, err := l.from.Read(b)
	return b[0], err
}

type mail struct {
	answer *http.Response
	l      *letters
}

func (m *mail) Close() error { return m.answer.Body.Close() }

//pair:r18 put-around
func openI() (*mail, error) {
	answer, err := printer.Get("http://press/")
	if err != nil {
		return nil, err
	}
	l := newLetters(answer.Body)
	if _, err := l.first(); err != nil {
		return nil, err
	}
	return &mail{answer, l}, nil
}

func r18() {
	if m, err := openI(); err == nil {
		m.Close()
	}
}

//pair:r19 put-around
func openJ() (*mail, error) {
	answer, err := printer.Get("http://press/")
	if err != nil {
		return nil, err
	}
	m := &mail{answer, newLetters(answer.Body)}
	if _, err := m.l.first(); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

func r19() {
	if m, err := openJ(); err == nil {
		m.Close()
	}
}
