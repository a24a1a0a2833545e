// A waiter that gives up stays in the list.
package list_element_left

import (
	"container/list"
	"context"
)

var waiters = list.New()

func wait(ctx context.Context) error {
	e := waiters.PushBack(make(chan bool, 1))
	select {
	case <-e.Value.(chan bool):
		waiters.Remove(e)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
func Step(i int) { ctx, cancel := context.WithCancel(context.Background()); cancel(); _ = wait(ctx) }
