package l

var noted int

// Comes back, whatever it is given.
func remark(err error) {
	if err != nil {
		noted++
	}
}

func succeed() error { return nil }

//pair:l44 argument-checked
func l44() { checkedWorkA(fail) }

func checkedWorkA(work func() error) {
	done := make(chan int)
	go func() { done <- 1 }()
	err := work()
	remark(err)
	if err != nil {
		return
	}
	<-done
}

// Comes back only where there is no error.
func must(err error) {
	if err == nil {
		return
	}
	panic(err)
}

//pair:l45 argument-checked
func l45() { checkedWorkB(succeed) }

func checkedWorkB(work func() error) {
	done := make(chan int)
	go func() { done <- 1 }()
	err := work()
	must(err)
	if err != nil {
		return
	}
	<-done
}
