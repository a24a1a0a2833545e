package b07leak

// defer in function literal within loop
import (
	"archive/zip"
	"io"
	"os"
)

func Extract(name string, w io.Writer) error {
	zr, err := zip.OpenReader(name)
	if err != nil {
		return err
	}
	defer zr.Close()
	for _, zf := range zr.File {
		err := func() error {
			rc, err := zf.Open()
			if err != nil {
				return err
			}
			defer rc.Close()
			_, err = io.Copy(w, rc)
			return err
		}()
		if err != nil {
			return err
		}
	}
	return nil
}

func Cat(names []string, w io.Writer) error {
	for _, n := range names {
		f, err := os.Open(n)
		if err != nil {
			return err
		}
		if _, err = io.Copy(w, f); err != nil {
			return err
		}
		f.Close()
	}
	return nil
}
