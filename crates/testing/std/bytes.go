// Package bytes: declarations for fixtures.
package bytes

import "io"

type Buffer struct{ buf []byte }

func (b *Buffer) Bytes() []byte
func (b *Buffer) Cap() int
func (b *Buffer) Len() int
func (b *Buffer) Read(p []byte) (n int, err error)
func (b *Buffer) ReadFrom(r io.Reader) (n int64, err error)
func (b *Buffer) Reset()
func (b *Buffer) String() string
func (b *Buffer) Write(p []byte) (n int, err error)
