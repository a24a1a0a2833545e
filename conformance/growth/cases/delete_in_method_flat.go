// A method of the map type deletes.
package delete_in_method

type table map[int]int

func (t table) drop(k int) { delete(t, k) }

var m = table{}

func Step(i int) {
	m[i] = i
	m.drop(i - 10)
}
