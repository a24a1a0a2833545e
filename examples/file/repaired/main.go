// The function of ../leak, repaired: the close is deferred as soon as there is something to close.
package main

import (
	"errors"
	"fmt"
	"os"
)

func size(name string) (int64, error) {
	file, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	if info.Size() == 0 {
		return 0, errors.New("empty")
	}
	return info.Size(), nil
}

func main() {
	fmt.Println(size(os.DevNull))
}
