// Package iter: declarations for fixtures.
package iter

type Seq[V any] func(yield func(V) bool)

func Pull[V any](seq Seq[V]) (next func() (V, bool), stop func())
