// Range deletes what is old.
package sync_map_range_delete

import "sync"

var seen sync.Map

func Step(i int) {
	seen.Store(i, i)
	if i%100 == 0 {
		seen.Range(func(k, v any) bool {
			seen.Delete(k)
			return true
		})
	}
}
