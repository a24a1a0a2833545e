// A loop that nothing ends appends on each turn.
package loop_without_end

var log []int

var turn = make(chan int)

func run() {
	n := 0
	for {
		n++
		log = append(log, n)
		next()
	}
}

func next() { <-turn }

func init() { go run() }

func Step(i int) { turn <- i }
