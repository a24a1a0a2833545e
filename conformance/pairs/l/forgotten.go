// Package l has goroutines that one way of several leaves behind.
package l

import (
	"errors"
	"time"
)

var errWork = errors.New("work")

func fail() error { return errWork }

//pair:l01 stop-forgotten
func beatWhile(work func() error) error {
	stop := make(chan struct{})
	go func() {
		ticker := time.NewTicker(time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
			case <-stop:
				return
			}
		}
	}()
	if err := work(); err != nil {
		return err
	}
	close(stop)
	return nil
}

func l01() { _ = beatWhile(fail) }

//pair:l02 stop-forgotten
func beatWhileB(work func() error) error {
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		ticker := time.NewTicker(time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
			case <-stop:
				return
			}
		}
	}()
	if err := work(); err != nil {
		return err
	}
	return nil
}

func l02() { _ = beatWhileB(fail) }

//pair:l03 stop-forgotten
func beat(stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

func renew(work func() error) (int, error) {
	stop := make(chan struct{})
	go beat(stop)
	for n := range 3 {
		if err := work(); err != nil {
			return n, err
		}
	}
	stop <- struct{}{}
	return 3, nil
}

func l03() { _, _ = renew(fail) }

//pair:l04 stop-forgotten
func renewB(work func(chan<- struct{}) error) (int, error) {
	stop := make(chan struct{})
	go beat(stop)
	for n := range 3 {
		if err := work(stop); err != nil {
			return n, err
		}
	}
	stop <- struct{}{}
	return 3, nil
}

func l04() {
	_, _ = renewB(func(stop chan<- struct{}) error {
		close(stop)
		return errWork
	})
}

//pair:l05 panic-swallowed
func first(work func() error) error {
	done := make(chan error)
	go func() {
		defer func() { _ = recover() }()
		err := work()
		if err != nil {
			panic(err)
		}
		done <- nil
	}()
	return <-done
}

func l05() { _ = first(fail) }

//pair:l06 panic-swallowed
func firstB(work func() error) (result error) {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				done <- errWork
			}
		}()
		err := work()
		if err != nil {
			panic(err)
		}
		done <- nil
	}()
	return <-done
}

func l06() { _ = firstB(fail) }
