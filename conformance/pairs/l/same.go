package l

import "strings"

func odd(n int) bool { return n%2 == 1 }

//pair:l26 same-question
func l26() {
	go once(2)
}

func once(n int) {
	done := make(chan int)
	if odd(n) {
		go func() { done <- n }()
	}
	n++
	if odd(n) {
		<-done
	}
}

//pair:l27 same-question
func l27() {
	go twice(2)
	go twice(3)
}

func twice(n int) {
	done := make(chan int)
	if odd(n) {
		go func() { done <- n }()
	}
	if odd(n) {
		<-done
	}
}

const (
	sends = 1 << iota
	waits
)

//pair:l28 same-question
func l28() {
	go flagged(waits)
}

func flagged(flags int) {
	done := make(chan int)
	if flags&sends != 0 {
		go func() { done <- flags }()
	}
	if flags&waits != 0 {
		<-done
	}
}

//pair:l29 same-question
func l29() {
	go masked(waits)
	go masked(sends)
}

func masked(flags int) {
	done := make(chan int)
	if flags&waits != 0 {
		go func() { done <- flags }()
	}
	if flags&waits == 0 {
		return
	}
	<-done
}

//pair:l30 same-question
func l30() {
	go named("b.go")
}

func named(file string) {
	done := make(chan int)
	if strings.HasSuffix(file, ".go") && !strings.ContainsRune(file, 'b') {
		go func() { done <- len(file) }()
	}
	if strings.HasSuffix(file, ".go") || strings.ContainsRune(file, 'b') {
		<-done
	}
}

//pair:l31 same-question
func l31() {
	go listed("a.go")
	go listed("b.go")
	go listed("c")
}

func listed(file string) {
	done := make(chan int)
	if strings.HasSuffix(file, ".go") && !strings.ContainsRune(file, 'b') {
		go func() { done <- len(file) }()
	}
	if strings.HasSuffix(file, ".go") && !strings.ContainsRune(file, 'b') {
		<-done
	}
}
