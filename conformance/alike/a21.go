package a21

// unlock in another goroutine by agreement
import "sync"

type Disk struct {
	busy sync.Mutex
	wq   chan op
}

type op struct {
	data []byte
	done func(error)
}

func (d *Disk) Write(b []byte, cb func(error)) {
	d.busy.Lock()
	d.wq <- op{data: b, done: func(err error) {
		d.busy.Unlock()
		cb(err)
	}}
}

func (d *Disk) Run(write func([]byte) error) {
	for o := range d.wq {
		o.done(write(o.data))
	}
}

func New() *Disk       { return &Disk{wq: make(chan op, 1)} }
func (d *Disk) Close() { close(d.wq) }
