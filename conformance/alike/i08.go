package i08

// error collected in an errs type; body; err checked by errors.Is(nil)
import (
	"fmt"
	"io"
	"net/http"
	"os"
)

type sink struct{ err error }

func (s *sink) ok(err error) bool {
	if err != nil && s.err == nil {
		s.err = err
	}
	return err == nil
}

func (s *sink) failed() bool { return s.err != nil }

func Save(url, name string) error {
	var s sink
	resp, err := http.Get(url)
	if !s.ok(err) {
		return s.err
	}
	defer resp.Body.Close()
	f, err := os.Create(name)
	if !s.ok(err) {
		return s.err
	}
	_, err = io.Copy(f, resp.Body)
	s.ok(err)
	s.ok(f.Close())
	return s.err
}

func Load(name string) ([]byte, error) {
	var s sink
	f, err := os.Open(name)
	s.ok(err)
	if s.failed() {
		return nil, fmt.Errorf("load: %w", s.err)
	}
	defer f.Close()
	return io.ReadAll(f)
}
