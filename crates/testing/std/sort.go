// Package sort: declarations for fixtures.
package sort

func Slice(x any, less func(i, j int) bool)
func Search(n int, f func(int) bool) int
func Strings(x []string)
