// Only what is configured gets an entry.
package key_of_other_table

import "strconv"

type driver struct{ state [256]byte }

type tiers struct {
	conf    map[string]int
	drivers map[string]*driver
}

var one = &tiers{conf: map[string]int{"1": 1, "2": 2}, drivers: map[string]*driver{}}

func (t *tiers) get(name string) *driver {
	if d, ok := t.drivers[name]; ok {
		return d
	}
	if _, ok := t.conf[name]; !ok {
		return nil
	}
	d := &driver{}
	t.drivers[name] = d
	return d
}

func Step(i int) { one.get(strconv.Itoa(i)) }
