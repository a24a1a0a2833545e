// A lock is given back at the end of the function, and not on the way out in its middle.
//
// After one call with an unknown key the mutex stays locked for ever. Everyone who wants the table
// from then on waits in Lock, one goroutine after the other.
package main

import (
	"fmt"
	"sync"
	"time"
)

type table struct {
	mu   sync.Mutex
	rows map[string]int
}

func (t *table) increment(key string) bool {
	t.mu.Lock()
	n, ok := t.rows[key]
	if !ok {
		return false // leaks: t.mu stays locked
	}
	t.rows[key] = n + 1
	t.mu.Unlock()
	return true
}

func main() {
	t := &table{rows: map[string]int{"a": 1}}
	fmt.Println(t.increment("b"))
	go t.increment("a") // waits for the lock for ever
	time.Sleep(10 * time.Millisecond)
}
