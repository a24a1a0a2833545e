// Lazy values of requests, kept in a map under the request's number: what they capture stays.
package lazy_values

import "sync"

var lazy = map[int]func() int{}

func Step(i int) {
	body := make([]byte, 64)
	body[0] = byte(i)
	lazy[i] = sync.OnceValue(func() int { return int(body[0]) })
}
