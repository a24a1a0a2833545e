// The function of ../leak, repaired: the close is deferred before anything else can happen.
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
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, errors.New(resp.Status)
	}
	return io.ReadAll(resp.Body)
}

func main() {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	_, err := fetch(server.URL)
	fmt.Println(err)
	http.DefaultClient.CloseIdleConnections()
}
