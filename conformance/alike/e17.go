package e17

// pipe: AfterFunc closes with the context's error
import (
	"context"
	"io"
	"net/http"
)

func Upload(ctx context.Context, hc *http.Client, url string, write func(io.Writer) error) error {
	pr, pw := io.Pipe()
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, url, pr)
	if err != nil {
		return err
	}
	errc := make(chan error, 1)
	go func() {
		err := write(pw)
		pw.CloseWithError(err)
		errc <- err
	}()
	resp, err := hc.Do(req)
	if err != nil {
		pr.CloseWithError(err)
		<-errc
		return err
	}
	defer resp.Body.Close()
	pr.CloseWithError(io.ErrClosedPipe)
	return <-errc
}
