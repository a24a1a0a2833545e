// The context of an object wraps itself with each call.
package context_field

import "context"

type key struct{}

type session struct{ ctx context.Context }

var theSession = &session{ctx: context.Background()}

func (s *session) touch(i int) {
	s.ctx = context.WithValue(s.ctx, key{}, i)
}

func Step(i int) { theSession.touch(i) }
