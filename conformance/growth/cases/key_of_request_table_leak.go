// What is let through is listed in a table of the call itself.
package key_of_request_table

type tiers struct{ drivers map[int]*[256]byte }

var one = &tiers{drivers: map[int]*[256]byte{}}

func (t *tiers) serve(name int) {
	asked := map[int]bool{name: true}
	if asked[name] {
		t.drivers[name] = new([256]byte)
	}
}

func Step(i int) { one.serve(i) }
