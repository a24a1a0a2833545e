// Package os: declarations for fixtures.
package os

type Signal interface {
	String() string
	Signal()
}
type File struct{ fd int }

var Interrupt Signal
var Args []string

func (f *File) Close() error
func (f *File) Read(b []byte) (n int, err error)
func Open(name string) (*File, error)
func Exit(code int)
func Getenv(key string) string
func ReadFile(name string) ([]byte, error)
