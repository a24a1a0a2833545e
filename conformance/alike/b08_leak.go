package b08leak

// embedded mutex promoted, generic registry
import "sync"

type guarded[T any] struct {
	sync.RWMutex
	v T
}

func (g *guarded[T]) With(f func(*T)) {
	g.Lock()
	defer g.Unlock()
	f(&g.v)
}

type Registry[K comparable, V any] struct {
	guarded[map[K]V]
}

func (r *Registry[K, V]) LoadOrStore(k K, mk func() V) V {
	r.RLock()
	v, ok := r.v[k]
	r.RUnlock()
	if ok {
		return v
	}
	r.With(func(m *map[K]V) {
		if *m == nil {
			*m = map[K]V{}
		}
		if v, ok = (*m)[k]; !ok {
			v = mk()
			(*m)[k] = v
		}
	})
	return v
}

func (r *Registry[K, V]) Delete(k K) {
	r.With(func(m *map[K]V) {
		delete(*m, k)
		if r.Len() == 0 {
			*m = nil
		}
	})
}

func (r *Registry[K, V]) Len() (n int) {
	r.With(func(m *map[K]V) { n = len(*m) })
	return
}
