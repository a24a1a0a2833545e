// Command parse measures go/parser on the files named on standard input, one a line.
//
// All files are read first and then parsed ROUNDS times on one thread, with the collector at its
// default. A round's line has its wall time and its CPU time in nanoseconds; the first line has the
// Go version.
package main

import (
	"bufio"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

func main() {
	rounds, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	runtime.GOMAXPROCS(1)
	var names []string
	var texts [][]byte
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		text, err := os.ReadFile(lines.Text())
		if err != nil {
			panic(err)
		}
		names = append(names, lines.Text())
		texts = append(texts, text)
	}
	fmt.Println(runtime.Version())
	for range rounds {
		wall, cpu := time.Now(), cpuTime()
		for i, text := range texts {
			// A rejected file is parsed too, as far as it goes.
			_, _ = parser.ParseFile(token.NewFileSet(), names[i], text, parser.SkipObjectResolution)
		}
		fmt.Println(time.Since(wall).Nanoseconds(), cpuTime()-cpu)
	}
}

// cpuTime is the process's CPU time in nanoseconds, all threads.
func cpuTime() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}
