package i04

// OnceValue close in a field
import (
	"os"
	"sync"
)

type Log struct {
	f     *os.File
	close func() error
}

func New(name string) (*Log, error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	l := &Log{f: f}
	l.close = sync.OnceValue(func() error {
		l.f.Sync()
		return l.f.Close()
	})
	return l, nil
}

func (l *Log) Write(s string) error { _, err := l.f.WriteString(s); return err }
func (l *Log) Close() error         { return l.close() }
