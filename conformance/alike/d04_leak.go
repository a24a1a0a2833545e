package d04leak

// stdin or a file, closed through an interface
import (
	"bufio"
	"io"
	"os"
)

func Count(name string) (n int, err error) {
	var in io.ReadCloser = os.Stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return 0, err
		}
		in = f
	}
	defer in.Close()
	sc := bufio.NewScanner(in)
	for sc.Scan() {
		n++
	}
	return n, sc.Err()
}

func Copy(dst, src string) error {
	closers := make([]io.Closer, 0, 2)
	defer func() {
		for _, c := range closers {
			_ = c.Close()
		}
	}()
	in, err := os.Open(src)
	if err != nil {
		return err
	}
	out, err := os.Create(dst)
	if err != nil {
		return err
	}
	closers = append(closers, in, out)
	_, err = io.Copy(out, in)
	return err
}
