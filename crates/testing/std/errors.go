// Package errors: declarations for fixtures.
package errors

func New(text string) error
func Is(err, target error) bool
func As(err error, target any) bool
func Join(errs ...error) error
func Unwrap(err error) error
