// A pause stops the timer of an entry, which goes on later; what is given back stops it and is taken out.
package paused_timer

import (
	"errors"
	"sync"
	"time"
)

type work struct{ timer *time.Timer }

type broker struct {
	mu   sync.Mutex
	held map[int]*work
}

var (
	it      = &broker{held: map[int]*work{}}
	errNone = errors.New("no such work")
)

func (b *broker) take(id int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held[id] = &work{timer: time.NewTimer(time.Hour)}
}

func (b *broker) pause(id int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	w, ok := b.held[id]
	if !ok {
		return errNone
	}
	w.timer.Stop()
	return nil
}

func (b *broker) giveBack(id int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	w, ok := b.held[id]
	if !ok {
		return errNone
	}
	w.timer.Stop()
	delete(b.held, id)
	return nil
}

func Take(id int)  { it.take(id) }
func Pause(id int) { _ = it.pause(id) }

func Step(i int) {
	Take(i)
	Pause(i)
	_ = it.giveBack(i)
}
