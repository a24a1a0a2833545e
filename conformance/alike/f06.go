package f06

// pkg-errors style wrap on return with nil check by Wrap; body
import (
	"fmt"
	"io"
	"net/http"
)

type opErr struct {
	op  string
	err error
}

func (e *opErr) Error() string { return fmt.Sprint(e.op, e.err) }
func (e *opErr) Unwrap() error { return e.err }

func op(name string, err error) error {
	if err != nil {
		return &opErr{name, err}
	}
	return nil
}

func Fetch(hc *http.Client, url string) ([]byte, error) {
	resp, err := hc.Get(url)
	if e := op("get", err); e != nil {
		return nil, e
	}
	b, err := io.ReadAll(resp.Body)
	if e := op("close", resp.Body.Close()); e != nil {
		return nil, e
	}
	return b, op("read", err)
}
