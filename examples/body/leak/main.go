// The body of a response is closed when all goes well, and not when the status is wrong.
//
// Each such answer keeps its connection and the two goroutines that serve it, for ever.
package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
)

func fetch(url string) ([]byte, error) {
	resp, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, errors.New(resp.Status) // leaks: the body stays open
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}

func main() {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	_, err := fetch(server.URL)
	fmt.Println(err)
	http.DefaultClient.CloseIdleConnections()
}
