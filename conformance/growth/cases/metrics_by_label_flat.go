// Counters under a few constant names.
package metrics_by_label

var counters = map[string]int{}

func Step(i int) {
	if i%2 == 0 {
		counters["even"]++
	} else {
		counters["odd"]++
	}
}
