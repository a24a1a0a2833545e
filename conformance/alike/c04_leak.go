package c04leak

// shards locked all in a loop, unlocked in another
import (
	"hash/maphash"
	"sync"
)

type shard struct {
	sync.Mutex
	m map[string]int
}

type Map struct {
	seed   maphash.Seed
	shards [16]shard
}

func New() *Map {
	m := &Map{seed: maphash.MakeSeed()}
	for i := range m.shards {
		m.shards[i].m = map[string]int{}
	}
	return m
}

func (m *Map) shard(k string) *shard {
	return &m.shards[maphash.String(m.seed, k)%uint64(len(m.shards))]
}

func (m *Map) Set(k string, v int) {
	s := m.shard(k)
	s.Lock()
	defer s.Unlock()
	s.m[k] = v
}

func (m *Map) Delete(k string) {
	s := m.shard(k)
	s.Lock()
	delete(s.m, k)
	s.Unlock()
}

func (m *Map) lockAll() {
	for i := range m.shards {
		m.shards[i].Lock()
	}
}

func (m *Map) unlockAll() {
	for i := len(m.shards) - 1; i >= 0; i-- {
		m.shards[i].Unlock()
	}
}

func (m *Map) Snapshot(f func(string, int) error) error {
	m.lockAll()
	for i := range m.shards {
		for k, v := range m.shards[i].m {
			if err := f(k, v); err != nil {
				return err
			}
		}
	}
	m.unlockAll()
	return nil
}
