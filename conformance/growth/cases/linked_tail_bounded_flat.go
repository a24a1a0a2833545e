// A log whose nodes are linked at the tail; the oldest is unlinked beyond a number.
package linked_tail_bounded

type node struct {
	text string
	next *node
}

type log struct {
	first, last *node
	n           int
}

var events log

func (l *log) add(text string) {
	n := &node{text: text}
	if l.last == nil {
		l.first = n
	} else {
		l.last.next = n
	}
	l.last = n
	l.n++
	if l.n > 100 {
		l.first = l.first.next
		l.n--
	}
}

func Step(i int) { events.add(string(rune('a' + i%26))) }
