// A ring of fixed length.
package ring

var ring [64]int

func Step(i int) { ring[i%len(ring)] = i }
