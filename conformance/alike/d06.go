package d06

// variadic close helper with named error
import (
	"bufio"
	"io"
	"os"
)

func closeAll(err *error, cs ...io.Closer) {
	for _, c := range cs {
		if cerr := c.Close(); cerr != nil && *err == nil {
			*err = cerr
		}
	}
}

func Concat(dst string, a, b string) (err error) {
	fa, err := os.Open(a)
	if err != nil {
		return err
	}
	defer closeAll(&err, fa)
	fb, err := os.Open(b)
	if err != nil {
		return err
	}
	out, err := os.Create(dst)
	if err != nil {
		closeAll(&err, fb)
		return err
	}
	defer closeAll(&err, fb, out)
	w := bufio.NewWriter(out)
	if _, err = io.Copy(w, io.MultiReader(fa, fb)); err != nil {
		return err
	}
	return w.Flush()
}
