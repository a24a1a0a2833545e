// Command pairs runs the programs of this module and says which of them leak.
//
// With a program's name it runs that program. Without arguments it runs all, each in a process of
// its own, and prints a line of JSON for each: its name and its verdict.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"sync"

	"pairs/a"
	"pairs/b"
	"pairs/c"
	"pairs/d"
	"pairs/e"
	"pairs/f"
	"pairs/g"
	"pairs/h"
	"pairs/k"
	"pairs/l"
	"pairs/m"
	"pairs/meter"
	"pairs/r"
	"pairs/x"
)

func main() {
	programs := slices.Concat(a.Programs, b.Programs, c.Programs, d.Programs, e.Programs, f.Programs, g.Programs, h.Programs, k.Programs, l.Programs, m.Programs, r.Programs, x.Programs)
	if len(os.Args) > 1 {
		for _, program := range programs {
			if program.Name == os.Args[1] {
				if err := meter.Measure(program, os.Stdout); err != nil {
					fail(err)
				}
				os.Exit(0)
			}
		}
		fail(fmt.Errorf("no program %q", os.Args[1]))
	}
	verdicts := make([]string, len(programs))
	var wait sync.WaitGroup
	slots := make(chan struct{}, runtime.NumCPU())
	for i, program := range programs {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			verdict, err := run(program.Name)
			if err != nil {
				fail(fmt.Errorf("%s: %w", program.Name, err))
			}
			verdicts[i] = verdict
		})
	}
	wait.Wait()
	for _, verdict := range verdicts {
		fmt.Println(verdict)
	}
}

func run(name string) (string, error) {
	executable, err := os.Executable()
	if err != nil {
		return "", err
	}
	var out, errs bytes.Buffer
	command := exec.Command(executable, name)
	command.Stdout, command.Stderr = &out, &errs
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, errs.String())
	}
	var verdict meter.Verdict
	if err := json.Unmarshal(out.Bytes(), &verdict); err != nil {
		return "", err
	}
	line, err := json.Marshal(map[string]any{"name": name, "leaked": verdict.Leaked, "grown": verdict.Grown})
	return string(line), err
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
