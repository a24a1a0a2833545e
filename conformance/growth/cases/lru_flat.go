// The oldest goes when a new one comes.
package lru

import "container/list"

var order = list.New()

func Step(i int) {
	order.PushFront(i)
	if order.Len() > 100 {
		order.Remove(order.Back())
	}
}
