// Each request takes back what it registered.
package context_after_func_stopped

import (
	"context"
)

var root, Stop = context.WithCancel(context.Background())

type req struct{ body []byte }

func serve(r *req) { stop := context.AfterFunc(root, func() { _ = r.body }); defer stop() }
func Step(i int)   { serve(&req{make([]byte, 64)}) }
