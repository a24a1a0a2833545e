// Package h has receivers that leave before what they wait for is sent.
package h

import (
	"context"
	"errors"
	"sync"
	"time"
)

var errLost = errors.New("lost")

//pair:h01 reply-left
type question struct {
	text  string
	reply chan<- string
}

func (q question) answer(text string) { q.reply <- text }

type desk struct {
	questions chan question
	others    map[string]*desk
}

func newDesk() *desk {
	d := &desk{questions: make(chan question, 4), others: map[string]*desk{}}
	d.others["self"] = d
	return d
}

func (d *desk) ask(ctx context.Context, whom, text string) (string, error) {
	other, ok := d.others[whom]
	if !ok {
		return "", errLost
	}
	reply := make(chan string)
	other.questions <- question{text, reply}
	select {
	case r := <-reply:
		return r, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (d *desk) serve(n int) {
	for range n {
		q := <-d.questions
		q.answer(q.text)
	}
}

func h01() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	d := newDesk()
	_, _ = d.ask(ctx, "self", "a")
	go d.serve(1)
}

//pair:h02 reply-left
type questionB struct {
	text  string
	reply chan<- string
}

func (q questionB) answer(text string) { q.reply <- text }

type deskB struct {
	questions chan questionB
	others    map[string]*deskB
}

func (d *deskB) ask(ctx context.Context, whom, text string) (string, error) {
	other, ok := d.others[whom]
	if !ok {
		return "", errLost
	}
	reply := make(chan string, 1)
	other.questions <- questionB{text, reply}
	select {
	case r := <-reply:
		return r, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (d *deskB) serve(n int) {
	for range n {
		q := <-d.questions
		q.answer(q.text)
	}
}

func h02() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	d := &deskB{questions: make(chan questionB, 4), others: map[string]*deskB{}}
	d.others["self"] = d
	_, _ = d.ask(ctx, "self", "a")
	go d.serve(1)
}

//pair:h03 reply-left
type questionC struct {
	text  string
	reply chan string
}

type deskC struct {
	questions chan questionC
	others    map[string]*deskC
}

func (d *deskC) ask(ctx context.Context, whom, text string) (string, error) {
	other, ok := d.others[whom]
	if !ok {
		return "", errLost
	}
	reply := make(chan string)
	other.questions <- questionC{text, reply}
	select {
	case r := <-reply:
		return r, nil
	case <-ctx.Done():
		go func() { <-reply }()
		return "", ctx.Err()
	}
}

func (d *deskC) serve(n int) {
	for range n {
		q := <-d.questions
		q.reply <- q.text
	}
}

func h03() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	d := &deskC{questions: make(chan questionC, 4), others: map[string]*deskC{}}
	d.others["self"] = d
	_, _ = d.ask(ctx, "self", "a")
	go d.serve(1)
}

// pages are read one after the other.
type pages struct{ read func(n int) ([]string, error) }

//pair:h04 stream-left
func (p *pages) All(ctx context.Context) <-chan string {
	out := make(chan string)
	go func() {
		defer close(out)
		for n := 0; ; n++ {
			lines, err := p.read(n)
			if err != nil {
				out <- "error: " + err.Error()
				return
			}
			for _, line := range lines {
				select {
				case out <- line:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return out
}

func h04() {
	ctx, cancel := context.WithCancel(context.Background())
	p := &pages{read: func(n int) ([]string, error) {
		if n > 0 {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return []string{"a"}, nil
	}}
	<-p.All(ctx)
	cancel()
}

//pair:h05 stream-left
func (p *pages) AllB(ctx context.Context) <-chan string {
	out := make(chan string)
	send := func(line string) bool {
		select {
		case out <- line:
			return true
		case <-ctx.Done():
			return false
		}
	}
	go func() {
		defer close(out)
		for n := 0; ; n++ {
			lines, err := p.read(n)
			if err != nil {
				send("error: " + err.Error())
				return
			}
			for _, line := range lines {
				if !send(line) {
					return
				}
			}
		}
	}()
	return out
}

func h05() {
	ctx, cancel := context.WithCancel(context.Background())
	p := &pages{read: func(n int) ([]string, error) {
		if n > 0 {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return []string{"a"}, nil
	}}
	<-p.AllB(ctx)
	cancel()
}

// store removes things.
type store struct{ remove func(string) error }

//pair:h06 workers-leave
func (s *store) purge(names []string) error {
	todo := make(chan string)
	failed := make(chan error, 4)
	var workers sync.WaitGroup
	go func() {
		defer close(todo)
		for _, name := range names {
			todo <- name
		}
	}()
	for range 4 {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for name := range todo {
				if err := s.remove(name); err != nil {
					failed <- err
					return
				}
			}
		}()
	}
	workers.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

func h06() {
	s := &store{func(string) error { return errLost }}
	_ = s.purge([]string{"a", "b", "c", "d", "e", "f"})
}

//pair:h07 workers-leave
func (s *store) purgeB(names []string) error {
	todo := make(chan string)
	failed := make(chan error, 4)
	var workers sync.WaitGroup
	go func() {
		defer close(todo)
		for _, name := range names {
			todo <- name
		}
	}()
	for range 4 {
		workers.Add(1)
		go func() {
			defer workers.Done()
			var first error
			for name := range todo {
				if err := s.remove(name); err != nil && first == nil {
					first = err
				}
			}
			if first != nil {
				failed <- first
			}
		}()
	}
	workers.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

func h07() {
	s := &store{func(string) error { return errLost }}
	_ = s.purgeB([]string{"a", "b", "c", "d", "e", "f"})
}

//pair:h08 arm-not-again
func counted(ctx context.Context) {
	t := time.NewTimer(0)
	defer t.Stop()
	trigger := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range trigger {
			done <- struct{}{}
		}
	}()
loop:
	for {
		select {
		case <-t.C:
			trigger <- struct{}{}
		case <-done:
			t.Reset(time.Hour)
		case <-ctx.Done():
			close(trigger)
			break loop
		}
	}
	for range done {
	}
}

func h08() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	counted(ctx)
}

//pair:h09 arm-not-again
func eventually(ask func() bool, wait, every time.Duration) bool {
	answer := make(chan bool, 1)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for tick := ticker.C; ; {
		select {
		case <-timer.C:
			return false
		case <-tick:
			tick = nil
			go func() { answer <- ask() }()
		case yes := <-answer:
			if yes {
				return true
			}
			tick = ticker.C
		}
	}
}

func h09() { eventually(func() bool { return false }, 4*time.Millisecond, time.Millisecond) }

//pair:h10 arm-not-again
func eventuallyB(ask func() bool, wait, every time.Duration) bool {
	answer := make(chan bool, 1)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-timer.C:
			return false
		case <-ticker.C:
			go func() { answer <- ask() }()
		case yes := <-answer:
			if yes {
				return true
			}
		}
	}
}

func h10() {
	gate := make(chan struct{})
	eventuallyB(func() bool { <-gate; return false }, 40*time.Millisecond, time.Millisecond)
	close(gate)
}

//pair:h11 loop-says-it-ends
type gauge struct {
	ops  chan func(*int)
	done chan struct{}
	last int
}

func newGauge(ctx context.Context) *gauge {
	g := &gauge{ops: make(chan func(*int)), done: make(chan struct{})}
	go g.serve(ctx)
	return g
}

func (g *gauge) serve(ctx context.Context) {
	n := 0
	for {
		select {
		case op := <-g.ops:
			op(&n)
		case <-ctx.Done():
			g.last = n
			close(g.done)
			return
		}
	}
}

func (g *gauge) Get() int {
	result := make(chan int, 1)
	select {
	case g.ops <- func(n *int) { result <- *n }:
		return <-result
	case <-g.done:
		return g.last
	}
}

func (g *gauge) Set(to int) { g.ops <- func(n *int) { *n = to } }

func h11() {
	ctx, cancel := context.WithCancel(context.Background())
	g := newGauge(ctx)
	g.Set(1)
	cancel()
	<-g.done
	g.Get()
	g.Set(2)
}

//pair:h12 loop-says-it-ends
type gaugeB struct {
	ops  chan func(*int)
	done chan struct{}
	last int
}

func newGaugeB(ctx context.Context) *gaugeB {
	g := &gaugeB{ops: make(chan func(*int)), done: make(chan struct{})}
	go g.serve(ctx)
	return g
}

func (g *gaugeB) serve(ctx context.Context) {
	n := 0
	for {
		select {
		case op := <-g.ops:
			op(&n)
		case <-ctx.Done():
			g.last = n
			close(g.done)
			return
		}
	}
}

func (g *gaugeB) Get() int {
	result := make(chan int, 1)
	select {
	case g.ops <- func(n *int) { result <- *n }:
		return <-result
	case <-g.done:
		return g.last
	}
}

func (g *gaugeB) Set(to int) {
	select {
	case g.ops <- func(n *int) { *n = to }:
	case <-g.done:
	}
}

func h12() {
	ctx, cancel := context.WithCancel(context.Background())
	g := newGaugeB(ctx)
	g.Set(1)
	cancel()
	<-g.done
	g.Get()
	g.Set(2)
}

//pair:h13 send-beside-done
type beat struct {
	ctx   context.Context
	next  chan int
	every *time.Ticker
}

func newBeat(ctx context.Context) *beat {
	b := &beat{ctx: ctx, next: make(chan int), every: time.NewTicker(time.Millisecond)}
	go b.run()
	return b
}

func (b *beat) run() {
	defer b.every.Stop()
	for n := 0; ; n++ {
		select {
		case <-b.ctx.Done():
			return
		case <-b.every.C:
			b.next <- n
		}
	}
}

func (b *beat) Next() <-chan int { return b.next }

func h13() {
	ctx, cancel := context.WithCancel(context.Background())
	<-newBeat(ctx).Next()
	time.Sleep(20 * time.Millisecond)
	cancel()
}

//pair:h14 send-beside-done
type beatB struct {
	ctx   context.Context
	next  chan int
	every *time.Ticker
}

func newBeatB(ctx context.Context) *beatB {
	b := &beatB{ctx: ctx, next: make(chan int), every: time.NewTicker(time.Millisecond)}
	go b.run()
	return b
}

func (b *beatB) run() {
	defer b.every.Stop()
	for n := 0; ; n++ {
		select {
		case <-b.ctx.Done():
			return
		case <-b.every.C:
			select {
			case b.next <- n:
			case <-b.ctx.Done():
				return
			}
		}
	}
}

func (b *beatB) Next() <-chan int { return b.next }

func h14() {
	ctx, cancel := context.WithCancel(context.Background())
	<-newBeatB(ctx).Next()
	time.Sleep(20 * time.Millisecond)
	cancel()
}
