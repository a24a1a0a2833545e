// The list under each key is taken as a whole from time to time.
package lists_by_kind_taken

var byKind = map[int][]int{}

func record(kind, v int) { byKind[kind] = append(byKind[kind], v) }

func take(kind int) []int {
	all := byKind[kind]
	byKind[kind] = nil
	return all
}

func Step(i int) {
	record(i%2, i)
	if i%100 == 0 {
		take(0)
		take(1)
	}
}
