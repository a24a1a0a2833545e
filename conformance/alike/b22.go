package b22

// linked-list lock coupling with a loop that always holds exactly one
import "sync"

type elem struct {
	mu   sync.Mutex
	key  int
	next *elem
}

type List struct{ head *elem }

func New() *List { return &List{head: &elem{key: -1 << 31}} }

func (l *List) Insert(k int) bool {
	prev := l.head
	prev.mu.Lock()
	defer func() { prev.mu.Unlock() }()
	for prev.next != nil && prev.next.key < k {
		n := prev.next
		n.mu.Lock()
		prev.mu.Unlock()
		prev = n
	}
	if prev.next != nil && prev.next.key == k {
		return false
	}
	prev.next = &elem{key: k, next: prev.next}
	return true
}

func (l *List) Delete(k int) bool {
	prev := l.head
	prev.mu.Lock()
	cur := prev.next
	for cur != nil {
		cur.mu.Lock()
		if cur.key == k {
			prev.next = cur.next
			cur.mu.Unlock()
			prev.mu.Unlock()
			return true
		}
		prev.mu.Unlock()
		prev, cur = cur, cur.next
	}
	prev.mu.Unlock()
	return false
}
