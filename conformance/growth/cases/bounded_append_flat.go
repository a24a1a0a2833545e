// A length is compared before appending.
package bounded_append

var recent []int

func Step(i int) {
	if len(recent) < 100 {
		recent = append(recent, i)
	}
}
