// A helper cuts through a pointer.
package cut_through_pointer

var s []int

func trim(p *[]int) { *p = (*p)[1:] }

func Step(i int) {
	s = append(s, i)
	trim(&s)
}
