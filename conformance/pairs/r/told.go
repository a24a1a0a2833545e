package r

import (
	"fmt"
	"io"
	"net/http"
)

// A helper answers whether something has failed.

var nFailed int

func named(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("press: %w", err)
}

func well(err error) bool {
	if err != nil {
		nFailed++
	}
	return err == nil
}

//pair:r20 wrapped-error
func printA(want int) error {
	answer, err := printer.Get("http://press/")
	if err := named(err); err != nil {
		return err
	}
	if answer.StatusCode != want {
		return errShort
	}
	_, err = io.ReadFull(answer.Body, make([]byte, 1))
	answer.Body.Close()
	return named(err)
}

func r20() { _ = printA(http.StatusCreated) }

//pair:r21 wrapped-error
func printB(want int) error {
	answer, err := printer.Get("http://press/")
	if err := named(err); err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != want {
		return errShort
	}
	_, err = io.ReadFull(answer.Body, make([]byte, 1))
	return named(err)
}

func r21() { _ = printB(http.StatusCreated) }

//pair:r22 counted-error
func printC(want int) bool {
	answer, err := printer.Get("http://press/")
	if !well(err) {
		return false
	}
	if answer.StatusCode != want {
		return false
	}
	return well(answer.Body.Close())
}

func r22() { printC(http.StatusCreated) }

//pair:r23 counted-error
func printD(want int) bool {
	answer, err := printer.Get("http://press/")
	if !well(err) {
		return false
	}
	defer answer.Body.Close()
	return answer.StatusCode == want
}

func r23() { printD(http.StatusCreated) }
