package j03

// bool helper methods that check an error (reduced i08)
import (
	"io"
	"net/http"
)

type log struct{ n int }

func (l *log) ok(err error) bool {
	if err != nil {
		l.n++
	}
	return err == nil
}

func isErr(err error) bool { return err != nil }

func A(url string, l *log) ([]byte, error) {
	resp, err := http.Get(url)
	if !l.ok(err) {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}

func B(url string) ([]byte, error) {
	resp, err := http.Get(url)
	if isErr(err) {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}

func C(url string, onErr func(error)) []byte {
	check := func(err error) bool {
		if err != nil {
			onErr(err)
			return false
		}
		return true
	}
	resp, err := http.Get(url)
	if !check(err) {
		return nil
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	check(err)
	return b
}
