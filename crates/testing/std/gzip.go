// Package gzip: declarations for fixtures.
package gzip

import "io"

type Writer struct{ w io.Writer }

func NewWriter(w io.Writer) *Writer
func (z *Writer) Write(p []byte) (int, error)
func (z *Writer) Close() error
