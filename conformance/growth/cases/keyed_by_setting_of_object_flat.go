// Each job is a new object, but there are only a few names that it can carry.
package keyed_by_setting_of_object

var (
	names   = []string{"read", "write", "sync"}
	clients = map[string]*[256]byte{}
)

type job struct{ kind string }

func (j *job) client() *[256]byte {
	if c, ok := clients[j.kind]; ok {
		return c
	}
	c := new([256]byte)
	clients[j.kind] = c
	return c
}

func Step(i int) {
	j := &job{kind: names[i%len(names)]}
	j.client()
}
