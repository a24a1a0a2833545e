package f05

// errors mapped by helper functions; file
import (
	"errors"
	"io/fs"
	"os"
)

var ErrNotFound = errors.New("not found")

func translate(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return ErrNotFound
	default:
		return err
	}
}

func Size(name string) (int64, error) {
	f, err := os.Open(name)
	if err = translate(err); err != nil {
		return 0, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return 0, translate(err)
	}
	return st.Size(), nil
}
