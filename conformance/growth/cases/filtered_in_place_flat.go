// What is kept is moved to the front.
package filtered_in_place

var s []int

func Step(i int) {
	s = append(s, i)
	kept := s[:0]
	for _, v := range s {
		if v > i-10 {
			kept = append(kept, v)
		}
	}
	s = kept
}
