// The elements of the pooled slice are emptied through a pointer to each.
package pooled_elements_cleared

import "sync"

type tag struct{ name, value *[1024]byte }

type tags struct{ all []tag }

var pool = sync.Pool{New: func() any { return new(tags) }}

func (t *tags) reset() {
	all := t.all
	for i := range all {
		one := &all[i]
		one.name = nil
		one.value = nil
	}
	t.all = all[:0]
}

func Step(i int) {
	t := pool.Get().(*tags)
	t.all = append(t.all, tag{new([1024]byte), new([1024]byte)})
	t.reset()
	pool.Put(t)
}
