// The array goes when the queue has run empty.
package popped_queue_dropped_when_empty

var jobs []*[4096]byte

func Step(i int) {
	switch {
	case i >= 30000 && i < 30500:
		jobs = append(jobs, new([4096]byte))
	case i >= 31000 && i < 31500:
		jobs = jobs[1:]
		if len(jobs) == 0 {
			jobs = nil
		}
	}
}
