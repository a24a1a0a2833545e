// slices.Delete clears what it leaves behind.
package popped_by_slices_delete

import "slices"

var jobs []*[4096]byte

func Step(i int) {
	switch {
	case i >= 30000 && i < 30500:
		jobs = append(jobs, new([4096]byte))
	case i >= 31000 && i < 31500:
		jobs = slices.Delete(jobs, 0, 1)
	}
}
