// A pooled request goes back as it was made.
package pooled_object_zeroed

import "sync"

type user struct{ name string }

type request struct {
	user *user
	body *[1 << 16]byte
}

var (
	pool  = sync.Pool{New: func() any { return new(request) }}
	inUse [8]*request
)

func give(r *request) {
	*r = request{}
	pool.Put(r)
}

func Step(i int) {
	if r := inUse[i%8]; r != nil {
		give(r)
	}
	r := pool.Get().(*request)
	if i >= 30000 && i < 30064 {
		r.user = &user{"somebody"}
		r.body = new([1 << 16]byte)
	}
	inUse[i%8] = r
}
