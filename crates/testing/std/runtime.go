// Package runtime: declarations for fixtures.
package runtime

type Cleanup struct{ id uint64 }

func (c Cleanup) Stop()
func AddCleanup[T, S any](ptr *T, cleanup func(S), arg S) Cleanup
func SetFinalizer(obj any, finalizer any)
