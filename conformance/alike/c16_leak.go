package c16leak

// wrapper around a response body; ownership inside struct with close func value
import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"strings"
)

type Events struct {
	sc    *bufio.Scanner
	close func() error
}

func Subscribe(ctx context.Context, hc *http.Client, url string) (*Events, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := hc.Do(req)
	if err != nil {
		return nil, err
	}
	ev := &Events{sc: bufio.NewScanner(resp.Body), close: resp.Body.Close}
	if ct := resp.Header.Get("Content-Type"); !strings.HasPrefix(ct, "text/event-stream") {
		return nil, errors.New("bad content type " + ct)
	}
	return ev, nil
}

func (e *Events) Next() (string, bool) {
	for e.sc.Scan() {
		if d, ok := strings.CutPrefix(e.sc.Text(), "data:"); ok {
			return d, true
		}
	}
	return "", false
}

func (e *Events) Close() error { return e.close() }

func First(ctx context.Context, hc *http.Client, url string) (string, error) {
	ev, err := Subscribe(ctx, hc, url)
	if err != nil {
		return "", err
	}
	defer ev.Close()
	s, ok := ev.Next()
	if !ok {
		return "", errors.New("no events")
	}
	return s, nil
}
