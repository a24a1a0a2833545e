package j04

// sink keeps first error: reduced i08
import "os"

type sink struct{ err error }

func (s *sink) ok(err error) bool {
	if err != nil && s.err == nil {
		s.err = err
	}
	return err == nil
}

func A(name string) error {
	var s sink
	f, err := os.Open(name)
	if !s.ok(err) {
		return s.err
	}
	defer f.Close()
	_, err = f.Stat()
	s.ok(err)
	return s.err
}

func B(name string) error {
	s := &sink{}
	f, err := os.Open(name)
	if !s.ok(err) {
		return s.err
	}
	s.ok(f.Close())
	return s.err
}
