package a09

// resources in a slice closed in a loop; constructor cleans up on error
import (
	"errors"
	"os"
)

type Segments struct{ files []*os.File }

func Open(names []string) (_ *Segments, err error) {
	s := &Segments{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	for _, n := range names {
		f, err := os.Open(n)
		if err != nil {
			return nil, err
		}
		s.files = append(s.files, f)
	}
	return s, nil
}

func (s *Segments) Close() error {
	var errs []error
	for _, f := range s.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}
