// A stack shared by goroutines keeps what was on it.
package popped_stack

import "sync"

type stack struct {
	mu     sync.Mutex
	frames []*[4096]byte
}

var theStack stack

func (s *stack) push(f *[4096]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frames = append(s.frames, f)
}

func (s *stack) pop() *[4096]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.frames[len(s.frames)-1]
	s.frames = s.frames[:len(s.frames)-1]
	return f
}

func Step(i int) {
	switch {
	case i >= 30000 && i < 30500:
		theStack.push(new([4096]byte))
	case i >= 31000 && i < 31500:
		theStack.pop()
	}
}
