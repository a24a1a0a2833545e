// A failure leaves its entry in a sync.Map.
package sync_map_entry_left

import (
	"errors"
	"sync"
)

var m sync.Map

func do(i int) error {
	m.Store(i, true)
	if i%3 == 0 {
		return errors.New("x")
	}
	m.Delete(i)
	return nil
}
func Step(i int) { _ = do(i) }
