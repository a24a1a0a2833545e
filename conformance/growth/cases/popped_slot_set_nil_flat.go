// The slot is emptied before the slice is cut.
package popped_slot_set_nil

var jobs []*[4096]byte

func Step(i int) {
	switch {
	case i >= 30000 && i < 30500:
		jobs = append(jobs, new([4096]byte))
	case i >= 31000 && i < 31500:
		jobs[0] = nil
		jobs = jobs[1:]
	}
}
