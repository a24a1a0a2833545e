// Command types prints what go/types records for packages, in the format of `stanch debug types`.
//
//	types [-no-tests] [-time] PATTERN…   packages, as `go list` resolves the patterns
//	types -files                         single files, named on standard input one a line
//
// With -files, every file is a package of its own; a file that go/parser or go/types finds a fault
// in is left out, and the files that were printed are named on standard error. With -time nothing is
// printed but what parsing and checking cost: wall and CPU nanoseconds, peak memory in bytes, lines.
// Trees and results of all packages are kept until the end, as go/packages does.
//
// Packages are parsed and checked from source; those that the patterns do not name without
// function bodies (with -time: with them).
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

func main() {
	noTests := flag.Bool("no-tests", false, "leave test files out")
	files := flag.Bool("files", false, "print the files named on standard input")
	timed := flag.Bool("time", false, "print costs only")
	flag.Parse()
	patterns := flag.Args()
	if *files {
		patterns = []string{"std"}
		*noTests = true
	}
	packages, err := list(patterns, !*noTests)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	dir, err := os.Getwd()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	defer out.Flush()
	p := newProgram(packages)
	switch {
	case *files:
		names := bufio.NewScanner(os.Stdin)
		for names.Scan() {
			if p.checkFile(names.Text(), newWriter(out, p, dir)) {
				fmt.Fprintln(os.Stderr, names.Text())
			}
		}
	case *timed:
		p.bodies = true
		start, before := time.Now(), cpu()
		each(packages, func(pkg *listed) { p.check(pkg) })
		wall, used := time.Since(start), cpu()-before
		runtime.KeepAlive(p)
		fmt.Fprintln(out, runtime.Version(), wall.Nanoseconds(), used.Nanoseconds(), peak(), p.lines.Load())
	default:
		var mutex sync.Mutex
		each(packages, func(pkg *listed) {
			if pkg.DepOnly || strings.HasSuffix(pkg.ImportPath, ".test") || pkg.ImportPath == "unsafe" {
				return
			}
			c := p.check(pkg)
			mutex.Lock()
			defer mutex.Unlock()
			for _, err := range c.errors {
				fmt.Fprintln(os.Stderr, pkg.ImportPath, err)
			}
			newWriter(out, p, dir).info(c.info)
			c.info = nil
		})
	}
}

// each calls do for all packages, a few at a time.
func each(packages []*listed, do func(*listed)) {
	var group sync.WaitGroup
	next := make(chan *listed)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for pkg := range next {
				do(pkg)
			}
		})
	}
	for _, pkg := range packages {
		next <- pkg
	}
	close(next)
	group.Wait()
}

func cpu() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// peak is the largest resident size so far.
func peak() int64 {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return usage.Maxrss * 1024
}
