package i03

// single close func in a field
import (
	"bufio"
	"os"
)

type Log struct {
	f     *os.File
	w     *bufio.Writer
	close func() error
}

func New(name string) (*Log, error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	return &Log{f: f, w: bufio.NewWriter(f), close: f.Close}, nil
}

func (l *Log) Write(s string) error {
	if _, err := l.w.WriteString(s); err != nil {
		return err
	}
	return l.f.Sync()
}

func (l *Log) Close() error {
	if err := l.w.Flush(); err != nil {
		l.close()
		return err
	}
	return l.close()
}
