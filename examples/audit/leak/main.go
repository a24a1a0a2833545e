// A package-level list gets an element with every request and never loses one.
package main

import "fmt"

type entry struct {
	user   string
	action string
}

var audit []entry

func record(user, action string) {
	audit = append(audit, entry{user, action}) // leaks: nothing drops old entries
}

func main() {
	for n := range 1000 {
		record(fmt.Sprint("user ", n), "login")
	}
	fmt.Println("entries:", len(audit))
}
