// A file is closed at the end of the function, and not on the way out in its middle.
//
// Every empty file leaves a descriptor open until the garbage collector finds it, if it ever does:
// under load the program runs out of descriptors first.
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
	info, err := file.Stat()
	if err != nil {
		return 0, err // leaks: file stays open
	}
	if info.Size() == 0 {
		return 0, errors.New("empty") // leaks here too
	}
	return info.Size(), file.Close()
}

func main() {
	fmt.Println(size(os.DevNull))
}
