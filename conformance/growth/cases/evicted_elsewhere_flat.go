// Another function deletes.
package evicted_elsewhere

var cache = map[int]*[64]byte{}

func forget(k int) { delete(cache, k) }

func Step(i int) {
	cache[i] = new([64]byte)
	forget(i - 100)
}
