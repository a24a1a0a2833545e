// The insertion is a method of a map type.
package named_map_method

type table map[int]*[64]byte

func (t table) add(k int) { t[k] = new([64]byte) }

var all = table{}

func Step(i int) { all.add(i) }
