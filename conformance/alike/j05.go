package j05

// owner whose stop ends parts through other handles
import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

type App struct {
	ln     net.Listener
	srv    *http.Server
	tick   *time.Ticker
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

func New(addr string, h http.Handler, sweep func()) (*App, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	a := &App{ln: ln, srv: &http.Server{Handler: h}, tick: time.NewTicker(time.Minute), cancel: cancel}
	a.wg.Add(2)
	go func() {
		defer a.wg.Done()
		a.srv.Serve(a.ln)
	}()
	go func() {
		defer a.wg.Done()
		defer a.tick.Stop()
		for {
			select {
			case <-a.tick.C:
				sweep()
			case <-ctx.Done():
				return
			}
		}
	}()
	return a, nil
}

func (a *App) Addr() string { return a.ln.Addr().String() }

func (a *App) Close() error {
	a.cancel()
	err := a.srv.Close() // closes the listener
	a.wg.Wait()
	return err
}
