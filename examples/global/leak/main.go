// A package-level cache takes an entry for every user and never lets one go.
//
// The map lives as long as the program; nothing deletes from it, replaces it or bounds it.
package main

import "fmt"

var cache = map[string][]byte{}

func profile(user string) []byte {
	if p, ok := cache[user]; ok {
		return p
	}
	p := make([]byte, 1<<10)
	cache[user] = p // leaks: grows with every new user
	return p
}

func main() {
	for n := range 1000 {
		profile(fmt.Sprint("user ", n))
	}
	fmt.Println("entries:", len(cache))
}
