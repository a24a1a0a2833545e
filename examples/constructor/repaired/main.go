// The constructor of ../leak, repaired: what is open already is closed before the error return.
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
		d.Close()
		return nil, err
	}
	return &store{data: d, index: i}, nil
}

func main() {
	_, err := open(os.DevNull, "no such file")
	fmt.Println(err)
}
