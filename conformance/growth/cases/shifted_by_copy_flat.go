// The first element leaves and the others move up.
package shifted_by_copy

var log []*[256]byte

func add(x *[256]byte) {
	log = append(log, x)
	if len(log) > 100 {
		copy(log, log[1:])
		log[len(log)-1] = nil
		log = log[:len(log)-1]
	}
}

func Step(i int) { add(new([256]byte)) }
