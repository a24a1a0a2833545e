// Package log: declarations for fixtures.
package log

func Print(v ...any)
func Printf(format string, v ...any)
func Println(v ...any)
func Fatal(v ...any)
func Fatalf(format string, v ...any)
func Panicf(format string, v ...any)
