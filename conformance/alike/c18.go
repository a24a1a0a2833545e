package c18

// function returns (value, cleanup, err)
import (
	"os"
	"path/filepath"
)

func tempFile(dir string) (*os.File, func(), error) {
	f, err := os.CreateTemp(dir, "x")
	if err != nil {
		return nil, func() {}, err
	}
	return f, func() {
		f.Close()
		os.Remove(f.Name())
	}, nil
}

func Spill(dir string, chunks [][]byte) (string, error) {
	f, cleanup, err := tempFile(dir)
	defer cleanup()
	if err != nil {
		return "", err
	}
	for _, c := range chunks {
		if _, err := f.Write(c); err != nil {
			return "", err
		}
	}
	return filepath.Base(f.Name()), nil
}
