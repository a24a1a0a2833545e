// A constructor opens two files, and forgets the first when the second cannot be opened.
//
// Callers that try again leave one descriptor open each time.
package main

import (
	"fmt"
	"os"
)

type store struct {
	data, index *os.File
}

func open(data, index string) (*store, error) {
	d, err := os.Open(data)
	if err != nil {
		return nil, err
	}
	i, err := os.Open(index)
	if err != nil {
		return nil, err // leaks: d stays open
	}
	return &store{data: d, index: i}, nil
}

func main() {
	_, err := open(os.DevNull, "no such file")
	fmt.Println(err)
}
