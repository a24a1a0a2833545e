// A list is taken out of the table and put back with one element more.
package list_made_longer

var lists = map[string][]*[64]byte{}

func Step(i int) {
	list, ok := lists["all"]
	if !ok {
		list = make([]*[64]byte, 0, 4)
	}
	list = append(list, new([64]byte))
	lists["all"] = list
}
