package d05

// retrying http, with drained failures
import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

type body struct {
	io.ReadCloser
	onClose context.CancelFunc
}

func (b *body) Close() error {
	defer b.onClose()
	return b.ReadCloser.Close()
}

func Get(ctx context.Context, hc *http.Client, url string) (*http.Response, error) {
	var resp *http.Response
	var err error
	for i := range 4 {
		c, cancel := context.WithTimeout(ctx, 10*time.Second)
		var req *http.Request
		req, err = http.NewRequestWithContext(c, http.MethodGet, url, nil)
		if err != nil {
			cancel()
			return nil, err
		}
		resp, err = hc.Do(req)
		if err == nil && resp.StatusCode < 500 {
			resp.Body = &body{resp.Body, cancel}
			return resp, nil
		}
		if err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			err = errors.New(resp.Status)
		}
		cancel()
		select {
		case <-time.After(time.Duration(i) * time.Second):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return nil, err
}
