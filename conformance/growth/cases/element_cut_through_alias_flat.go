// The list under each key is cut through another name.
package element_cut_through_alias

var active = map[string][]*int{}

func add(k string, p *int) { active[k] = append(active[k], p) }

func remove(k string, p *int) {
	list := active[k]
	for i, q := range list {
		if q == p {
			active[k] = append(list[:i], list[i+1:]...)
			return
		}
	}
}

func Step(i int) {
	p := new(int)
	add("a", p)
	remove("a", p)
}
