// The table of ../leak, repaired: the unlock is deferred and covers every way out.
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
	defer t.mu.Unlock()
	n, ok := t.rows[key]
	if !ok {
		return false
	}
	t.rows[key] = n + 1
	return true
}

func main() {
	t := &table{rows: map[string]int{"a": 1}}
	fmt.Println(t.increment("b"))
	go t.increment("a")
	time.Sleep(10 * time.Millisecond)
}
