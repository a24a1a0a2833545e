// Package io: declarations for fixtures.
package io

type Reader interface{ Read(p []byte) (n int, err error) }
type Writer interface{ Write(p []byte) (n int, err error) }
type Closer interface{ Close() error }
type ReadCloser interface {
	Reader
	Closer
}

var EOF error

func ReadAll(r Reader) ([]byte, error)
func Copy(dst Writer, src Reader) (int64, error)
