package d17

// previous resource closed when the next one is opened in the loop
import (
	"bufio"
	"fmt"
	"os"
)

func Split(in string, per int) (err error) {
	src, err := os.Open(in)
	if err != nil {
		return err
	}
	defer src.Close()
	var cur *os.File
	defer func() {
		if cur != nil {
			cur.Close()
		}
	}()
	sc := bufio.NewScanner(src)
	for i := 0; sc.Scan(); i++ {
		if i%per == 0 {
			if cur != nil {
				if err := cur.Close(); err != nil {
					return err
				}
			}
			if cur, err = os.Create(fmt.Sprintf("%s.%d", in, i/per)); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintln(cur, sc.Text()); err != nil {
			return err
		}
	}
	return sc.Err()
}
