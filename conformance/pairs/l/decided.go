package l

import (
	"context"
	"errors"
	"time"
)

// ask calls back later, unless it fails.
func ask(fails bool, back func(int)) error {
	if fails {
		return errWork
	}
	go back(1)
	return nil
}

//pair:l18 failed-start
func l18() {
	go careless(true)
}

func careless(fails bool) int {
	answer := make(chan int)
	err := ask(fails, func(n int) { answer <- n })
	if errors.Is(err, context.Canceled) {
		panic(err)
	}
	return <-answer
}

//pair:l19 failed-start
func l19() {
	go careful(false)
}

func careful(fails bool) int {
	answer := make(chan int)
	err := ask(fails, func(n int) { answer <- n })
	if err != nil {
		panic(err)
	}
	return <-answer
}

type unread struct{ rest []byte }

//pair:l20 nothing-or-empty
func l20() {
	ended := make(chan int)
	go func() { ended <- 1 }()
	u := &unread{}
	if u.rest == nil {
		return
	}
	<-ended
}

//pair:l21 nothing-or-empty
func l21() {
	ended := make(chan int)
	go func() { ended <- 1 }()
	u := &unread{rest: []byte{}}
	if u.rest == nil {
		return
	}
	<-ended
}

type replyKey struct{}

func tell(ctx context.Context) {
	if reply, ok := ctx.Value(replyKey{}).(chan<- int); ok {
		reply <- 1
	}
}

//pair:l22 channel-in-context
func l22() {
	reply := make(chan int)
	go func() { <-reply }()
	tell(context.WithValue(context.Background(), replyKey{}, 1))
}

//pair:l23 channel-in-context
func l23() {
	reply := make(chan int)
	go func() { <-reply }()
	var give chan<- int = reply
	tell(context.WithValue(context.Background(), replyKey{}, give))
}

//pair:l24 stopped-timer
func l24() {
	go func() {
		ctx, cancel := context.WithCancel(context.Background())
		timer := time.AfterFunc(time.Millisecond, cancel)
		<-ctx.Done()
		if !timer.Stop() {
			<-timer.C
		}
	}()
}

//pair:l25 stopped-timer
func l25() {
	go func() {
		ctx, cancel := context.WithCancel(context.Background())
		timer := time.AfterFunc(1<<63-1, cancel)
		if !timer.Stop() {
			<-timer.C
		}
		timer.Reset(time.Millisecond)
		<-ctx.Done()
	}()
}
