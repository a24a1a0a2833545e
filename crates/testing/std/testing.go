// Package testing: declarations for fixtures.
package testing

import "context"

type common struct{ failed bool }
type T struct{ common }
type B struct {
	common
	N int
}
type M struct{ n int }
type TB interface {
	Cleanup(func())
	Error(args ...any)
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Helper()
	Log(args ...any)
	Context() context.Context
}

func (c *common) Cleanup(f func())
func (c *common) Error(args ...any)
func (c *common) Errorf(format string, args ...any)
func (c *common) Fatal(args ...any)
func (c *common) Fatalf(format string, args ...any)
func (c *common) FailNow()
func (c *common) Skip(args ...any)
func (c *common) Helper()
func (c *common) Log(args ...any)
func (c *common) Context() context.Context
func (t *T) Run(name string, f func(t *T)) bool
func (t *T) Parallel()
func (m *M) Run() int
