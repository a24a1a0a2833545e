// A list is filled at each opening; closing releases its elements and leaves them in.
package list_not_emptied_on_close

type conn struct{ open bool }

type broker struct {
	c     *conn
	names []*[32]byte
}

var (
	theBroker  = &broker{}
	registered int
)

func register(*[32]byte)   { registered++ }
func unregister(*[32]byte) { registered-- }

func (b *broker) Open() {
	b.c = &conn{open: true}
	b.add(new([32]byte))
}

func (b *broker) add(name *[32]byte) {
	register(name)
	b.names = append(b.names, name)
}

func (b *broker) Close() {
	for _, name := range b.names {
		unregister(name)
	}
	b.c = nil
}

func Step(i int) {
	theBroker.Open()
	theBroker.Close()
}
