// The list of ../leak, repaired: it keeps the last hundred entries.
package main

import "fmt"

type entry struct {
	user   string
	action string
}

const maxEntries = 100

var audit []entry

func record(user, action string) {
	audit = append(audit, entry{user, action})
	if n := len(audit); n > maxEntries {
		audit = append([]entry(nil), audit[n-maxEntries:]...)
	}
}

func main() {
	for n := range 1000 {
		record(fmt.Sprint("user ", n), "login")
	}
	fmt.Println("entries:", len(audit))
}
