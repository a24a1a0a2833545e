// Each call wraps the context of the object anew.
package context_of_each_call

import "context"

type key struct{}

type session struct {
	base context.Context
	ctx  context.Context
}

var theSession = &session{base: context.Background()}

func (s *session) touch(i int) {
	s.ctx = context.WithValue(s.base, key{}, i)
}

func Step(i int) { theSession.touch(i) }
