package e18

// bounded structures in many ways
import (
	"container/list"
	"maps"
	"sync"
	"time"
)

type entry struct {
	k  string
	at time.Time
}

type LRU struct {
	mu sync.Mutex
	l  *list.List
	m  map[string]*list.Element
}

var shared = &LRU{l: list.New(), m: map[string]*list.Element{}}

func Touch(k string) {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if e, ok := shared.m[k]; ok {
		shared.l.MoveToFront(e)
		return
	}
	shared.m[k] = shared.l.PushFront(entry{k, time.Now()})
	for shared.l.Len() > 128 {
		last := shared.l.Back()
		delete(shared.m, shared.l.Remove(last).(entry).k)
	}
}

var (
	genMu    sync.Mutex
	cur, old = map[string]int{}, map[string]int{}
)

func Hit(k string) int {
	genMu.Lock()
	defer genMu.Unlock()
	if len(cur) == 1000 {
		old, cur = cur, make(map[string]int)
	}
	cur[k]++
	return cur[k] + old[k]
}

var (
	lastMu sync.Mutex
	last   = map[string]time.Time{}
)

func Allow(ip string) bool {
	lastMu.Lock()
	defer lastMu.Unlock()
	now := time.Now()
	maps.DeleteFunc(last, func(_ string, t time.Time) bool { return now.Sub(t) > time.Minute })
	if _, ok := last[ip]; ok {
		return false
	}
	last[ip] = now
	return true
}

func Start(in <-chan string) {
	go func() {
		for s := range in {
			Touch(s)
			Hit(s)
			Allow(s)
		}
	}()
}
