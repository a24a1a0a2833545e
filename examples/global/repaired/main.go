// The cache of ../leak, repaired: it belongs to a value, and it has a bound.
package main

import "fmt"

const maxProfiles = 100

type profiles struct {
	byUser map[string][]byte
}

func (c *profiles) profile(user string) []byte {
	if p, ok := c.byUser[user]; ok {
		return p
	}
	if len(c.byUser) >= maxProfiles {
		clear(c.byUser)
	}
	p := make([]byte, 1<<10)
	c.byUser[user] = p
	return p
}

func main() {
	c := &profiles{byUser: map[string][]byte{}}
	for n := range 1000 {
		c.profile(fmt.Sprint("user ", n))
	}
	fmt.Println("entries:", len(c.byUser))
}
