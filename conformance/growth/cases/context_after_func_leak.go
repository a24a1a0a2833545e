// Each request registers a function with the context of the whole program.
package context_after_func

import (
	"context"
)

var root, Stop = context.WithCancel(context.Background())

type req struct{ body []byte }

func serve(r *req) { context.AfterFunc(root, func() { _ = r.body }) }
func Step(i int)   { serve(&req{make([]byte, 64)}) }
