// Each tick empties the next of the wheel's buckets.
package time_wheel

type wheel struct {
	buckets [16][]*[128]byte
	at      int
}

var timers wheel

func (w *wheel) add(after int, x *[128]byte) {
	slot := (w.at + after) % len(w.buckets)
	w.buckets[slot] = append(w.buckets[slot], x)
}

func (w *wheel) tick() {
	w.at = (w.at + 1) % len(w.buckets)
	w.buckets[w.at] = nil
}

func Step(i int) {
	timers.add(i%7+1, new([128]byte))
	timers.tick()
}
