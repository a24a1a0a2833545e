// A worker polls its context between two pieces of work; main defers the cancellation.
//
// Nothing leaks here, and stanch says nothing: every turn of the loop looks at ctx.Done(), the
// default arm keeps the select from blocking, and main's deferred cancel makes sure that Done is
// closed however main ends.
package main

import (
	"context"
	"fmt"
	"time"
)

func worker(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		default:
			time.Sleep(5 * time.Millisecond) // one piece of work
		}
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()

	go worker(ctx)
	time.Sleep(30 * time.Millisecond)
	fmt.Println("main is done")
}
