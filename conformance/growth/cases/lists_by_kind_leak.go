// Two keys for ever, and the list under each only gets longer.
package lists_by_kind

type kind int

const (
	low kind = iota
	high
)

var byKind = map[kind][]int{}

func record(k kind, v int) { byKind[k] = append(byKind[k], v) }
func Step(i int)           { record(kind(i%2), i) }
