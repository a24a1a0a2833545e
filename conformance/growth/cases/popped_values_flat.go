// The elements refer to nothing.
package popped_values

var ids []int32

func Step(i int) {
	switch {
	case i >= 30000 && i < 30500:
		ids = append(ids, int32(i))
	case i >= 31000 && i < 31500:
		ids = ids[1:]
	}
}
