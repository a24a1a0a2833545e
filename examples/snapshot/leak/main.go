// What a storage opens is closed, but not on an early return.
//
// Nothing but the rest of the function says that it has to be.
package main

import (
	"errors"
	"fmt"
	"os"
)

type storage interface {
	Open(name string) (*snapshot, error)
}

// A snapshot reads a file that it keeps open.
type snapshot struct {
	file *os.File
}

func (s *snapshot) Size() (int64, error) {
	info, err := s.file.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (s *snapshot) Close() error { return s.file.Close() }

type disk struct{}

func (disk) Open(name string) (*snapshot, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return &snapshot{file: file}, nil
}

func size(s storage, name string, limit int64) (int64, error) {
	snap, err := s.Open(name)
	if err != nil {
		return 0, err
	}
	n, err := snap.Size()
	if err != nil {
		return 0, err
	}
	if n > limit {
		return 0, errors.New("too large") // leaks: snap stays open
	}
	return n, snap.Close()
}

func main() {
	_, err := size(disk{}, os.DevNull, -1)
	fmt.Println(err)
}
