package e08

// Close only signals; the worker closes the file itself
import (
	"os"
	"sync"
)

type Writer struct {
	f    *os.File
	in   chan []byte
	once sync.Once
	done chan struct{}
	err  error
}

func New(name string) (*Writer, error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	w := &Writer{f: f, in: make(chan []byte, 32), done: make(chan struct{})}
	go w.loop()
	return w, nil
}

func (w *Writer) loop() {
	defer close(w.done)
	defer w.f.Close()
	for b := range w.in {
		if w.err != nil {
			continue
		}
		_, w.err = w.f.Write(b)
	}
}

func (w *Writer) Write(b []byte) { w.in <- append([]byte(nil), b...) }

func (w *Writer) Close() error {
	w.once.Do(func() { close(w.in) })
	<-w.done
	return w.err
}

func Dump(name string, bs [][]byte) error {
	w, err := New(name)
	if err != nil {
		return err
	}
	for _, b := range bs {
		w.Write(b)
	}
	return w.Close()
}
