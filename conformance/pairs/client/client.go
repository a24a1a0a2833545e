// Package client uses objects through their methods, as programs of other packages do.
package client

import (
	"context"
	"time"
)

// StartStop starts something and stops it.
func StartStop(s interface {
	Start()
	Stop()
}) {
	s.Start()
	time.Sleep(2 * time.Millisecond)
	s.Stop()
}

// StopNow stops something without patience.
func StopNow(s interface{ Stop(context.Context) error }) {
	time.Sleep(2 * time.Millisecond)
	ctx, cancel := context.WithTimeout(context.Background(), time.Nanosecond)
	defer cancel()
	_ = s.Stop(ctx)
}

// DoClose has something done without patience and closes.
func DoClose(s interface {
	Do(context.Context, func() error) error
	Close()
}) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	_ = s.Do(ctx, func() error { time.Sleep(3 * time.Millisecond); return nil })
	s.Close()
}

// Close closes something a little later.
func Close(s interface{ Close() error }) {
	time.Sleep(2 * time.Millisecond)
	_ = s.Close()
}

// Meet has something done and closes in the middle of it.
func Meet(s interface {
	Put(string)
	Close()
}) {
	go s.Put("a")
	time.Sleep(20 * time.Millisecond)
	s.Close()
}

// Fill puts two things in at once, and closes when they are worked off.
func Fill(s interface {
	Put(string)
	Close()
}) {
	s.Put("a")
	time.Sleep(5 * time.Millisecond)
	s.Put("b")
	time.Sleep(60 * time.Millisecond)
	s.Close()
}
