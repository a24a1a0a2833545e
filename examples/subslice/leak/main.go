// The first bytes of each upload are stored, and with them all of it.
//
// A subslice refers to the array that it was cut from. As long as it is stored, nothing of the array can
// be freed.
package main

import (
	"bytes"
	"fmt"
	"io"
)

var heads = map[int][]byte{}

func upload(id int, body io.Reader) error {
	data, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	heads[id] = data[:4] // leaks: keeps all of data
	return nil
}

func done(id int) {
	delete(heads, id)
}

func main() {
	for id := range 1000 {
		if err := upload(id, bytes.NewReader(make([]byte, 1<<16))); err != nil {
			fmt.Println(err)
			return
		}
	}
	kept := 0
	for id, head := range heads {
		kept += cap(head)
		done(id)
	}
	fmt.Println("bytes kept for 1000 heads of 4:", kept)
}
