// The current generation becomes the previous one.
package generations

var cur, prev = map[int]int{}, map[int]int{}

func Step(i int) {
	cur[i] = i
	if i%100 == 0 {
		prev = cur
		cur = map[int]int{}
	}
}
