// The list under each key keeps its last elements only.
package lists_by_kind_cut

var byKind = map[int][]int{}

func record(kind, v int) {
	byKind[kind] = append(byKind[kind], v)
	if n := len(byKind[kind]); n > 100 {
		byKind[kind] = byKind[kind][n-100:]
	}
}

func Step(i int) { record(i%2, i) }
