// Callbacks that nothing removes, each with a buffer.
package callbacks

var onStop []func() int

func Step(i int) {
	buf := make([]byte, 64)
	onStop = append(onStop, func() int { return len(buf) + i })
}
