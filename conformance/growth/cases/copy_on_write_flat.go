// Each change is a new slice of bounded length.
package copy_on_write

var hosts []int

func Step(i int) {
	next := make([]int, 0, 10)
	for _, h := range hosts {
		if h > i-8 {
			next = append(next, h)
		}
	}
	hosts = append(next, i)
}
