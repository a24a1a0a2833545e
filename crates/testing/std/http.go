// Package http: declarations for fixtures.
package http

import (
	"context"
	"io"
)

const StatusOK = 200

type Client struct{ n int }
type Request struct{ Method string }
type Response struct {
	Status     string
	StatusCode int
	Body       io.ReadCloser
}

func Get(url string) (resp *Response, err error)
func NewRequest(method, url string, body io.Reader) (*Request, error)
func (r *Request) WithContext(ctx context.Context) *Request
func (c *Client) Do(req *Request) (*Response, error)
func (c *Client) Get(url string) (resp *Response, err error)

type Header map[string][]string
type ResponseWriter interface {
	Header() Header
	Write([]byte) (int, error)
	WriteHeader(statusCode int)
}
