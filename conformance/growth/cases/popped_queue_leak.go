// A queue is filled once and emptied: the array still holds every job.
package popped_queue

var jobs []*[4096]byte

func Step(i int) {
	switch {
	case i >= 30000 && i < 30500:
		jobs = append(jobs, new([4096]byte))
	case i >= 31000 && i < 31500:
		jobs = jobs[1:]
	}
}
