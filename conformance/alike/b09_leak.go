package b09leak

// state machine with lock released around callback
import "sync"

type State int

const (
	Idle State = iota
	Running
	Stopped
)

type FSM struct {
	mu    sync.Mutex
	state State
	hooks []func(from, to State)
}

func (f *FSM) On(h func(from, to State)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hooks = append(f.hooks, h)
}

func (f *FSM) setLocked(to State) {
	from := f.state
	f.state = to
	hooks := append([]func(State, State){}, f.hooks...)
	for _, h := range hooks {
		h(from, to)
	}
}

func (f *FSM) Start() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.state != Idle {
		return false
	}
	f.setLocked(Running)
	return true
}

func (f *FSM) Stop() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch f.state {
	case Running:
		f.setLocked(Stopped)
		return true
	default:
		return false
	}
}

func (f *FSM) State() State {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state
}

func (f *FSM) Log(out func(State)) {
	f.On(func(_, _ State) { out(f.State()) })
}
