// Package x has programs that call what a type embeds through interfaces, and clocks that are stopped.
package x

import (
	"errors"
	"sync"
	"time"
)

var errShut = errors.New("shut")

func shut() error { return errShut }

//pair:x01 promoted-method
type door interface {
	wait()
	open()
}

type bell struct {
	mu   sync.Mutex
	rung *sync.Cond
	came bool
}

func (b *bell) wait() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for !b.came {
		b.rung.Wait()
	}
}

func (b *bell) open() {
	b.mu.Lock()
	b.came = true
	b.mu.Unlock()
}

type frontDoor struct {
	*bell
	name string
}

func enter() door {
	b := &bell{}
	b.rung = sync.NewCond(&b.mu)
	return &frontDoor{b, "front"}
}

func x01() {
	d := enter()
	go func() { d.wait() }()
	time.Sleep(20 * time.Millisecond)
	d.open()
}

//pair:x02 promoted-method
type doorB interface {
	wait()
	open()
}

type bellB struct {
	mu   sync.Mutex
	rung *sync.Cond
	came bool
}

func (b *bellB) wait() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for !b.came {
		b.rung.Wait()
	}
}

func (b *bellB) open() {
	b.mu.Lock()
	b.came = true
	b.mu.Unlock()
	b.rung.Broadcast()
}

type frontDoorB struct {
	*bellB
	name string
}

func enterB() doorB {
	b := &bellB{}
	b.rung = sync.NewCond(&b.mu)
	return &frontDoorB{b, "front"}
}

func x02() {
	d := enterB()
	go func() { d.wait() }()
	time.Sleep(20 * time.Millisecond)
	d.open()
}

//pair:x03 promoted-method
type tap interface{ turn() }

type pipe struct{ drops chan int }

func (p *pipe) turn() { p.drops <- 1 }

type kitchenTap struct{ tap }

func fill(drops chan int) tap { return &kitchenTap{&pipe{drops}} }

func drink() error {
	drops := make(chan int)
	t := fill(drops)
	go t.turn()
	if err := shut(); err != nil {
		return err
	}
	<-drops
	return nil
}

func x03() { _ = drink() }

//pair:x04 promoted-method
type tapB interface{ turn() }

type pipeB struct{ drops chan int }

func (p *pipeB) turn() { p.drops <- 1 }

type kitchenTapB struct{ tapB }

func fillB(drops chan int) tapB { return &kitchenTapB{&pipeB{drops}} }

func drinkB() error {
	drops := make(chan int, 1)
	t := fillB(drops)
	go t.turn()
	if err := shut(); err != nil {
		return err
	}
	<-drops
	return nil
}

func x04() { _ = drinkB() }
