// A log whose nodes are linked at the tail while the head stays.
package linked_tail

type node struct {
	text string
	next *node
}

type log struct{ first, last *node }

var events log

func (l *log) add(text string) {
	n := &node{text: text}
	if l.last == nil {
		l.first = n
	} else {
		l.last.next = n
	}
	l.last = n
}

func Step(i int) { events.add(string(rune('a' + i%26))) }
