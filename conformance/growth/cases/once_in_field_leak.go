// A function of sync.OnceFunc in a field of a session that lives on captures the request.
package once_in_field

import "sync"

type session struct{ stop func() }

var sessions []*session

func Step(i int) {
	request := make([]byte, 1<<10)
	request[0] = byte(i)
	s := &session{stop: sync.OnceFunc(func() { request[1]++ })}
	sessions = append(sessions, s)
}
