// Package meter runs a program many times and says what is left behind.
package meter

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"runtime/pprof"
	"slices"
	"sort"
	"strings"
	"time"
)

// Program is one program of the collection: it runs for some milliseconds, or blocks.
type Program struct {
	Name string
	Run  func()
}

// How often a program is run before and while it is measured, and how long each run may take
// before it counts as blocked.
const (
	warmUp   = 4
	measured = 16
	patience = 60 * time.Millisecond
	// A leak that fewer runs have comes from a slow machine, on which a sleep was too short.
	fewest = 3
	// Objects are counted over more runs, for the runtime keeps some of its own: only what grows
	// in each of several rounds is the program's.
	objectRounds = 5
	objectRuns   = 48
	settling     = 3 * time.Second
)

// Verdict is what all runs left behind.
type Verdict struct {
	// Leaked goroutines in Go's own words: entry function and wait reason, each once.
	Leaked []string `json:"leaked"`
	// What grew: goroutines, files or objects.
	Grown []string `json:"grown"`
}

type sample struct {
	goroutines, files int
	objects           uint64
}

// Measure runs the program and writes its verdict.
func Measure(program Program, out io.Writer) error {
	verdict := measure(program)
	if len(verdict.Leaked) == 0 && len(verdict.Grown) > 0 {
		// On a machine with other work goroutines wait for their turn: what grows does so again.
		again := measure(program)
		verdict.Leaked = again.Leaked
		verdict.Grown = slices.DeleteFunc(verdict.Grown, func(what string) bool {
			return !slices.Contains(again.Grown, what)
		})
	}
	return json.NewEncoder(out).Encode(verdict)
}

func measure(program Program) Verdict {
	for range warmUp {
		once(program)
	}
	before := settle()
	for range measured {
		once(program)
	}
	after := settle()
	verdict := Verdict{Leaked: leaked(), Grown: []string{}}
	grown := func(what string, count int, least int) {
		if count >= least {
			verdict.Grown = append(verdict.Grown, what)
		}
	}
	grown("goroutines", after.goroutines-before.goroutines, measured/2)
	grown("files", after.files-before.files, measured/2)
	if len(verdict.Leaked) == 0 && len(verdict.Grown) == 0 {
		grown("objects", growth(program), objectRuns*3/4)
	}
	return verdict
}

// growth is the least growth of objects in a round.
func growth(program Program) int {
	least := objectRuns
	last := settle()
	for range objectRounds {
		for range objectRuns {
			once(program)
		}
		now := settle()
		least = min(least, int(int64(now.objects)-int64(last.objects)))
		last = now
	}
	return least
}

func once(program Program) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = recover() }()
		program.Run()
	}()
	select {
	case <-done:
	case <-time.After(patience):
	}
}

// settle waits until nothing becomes less.
func settle() sample {
	last := take()
	calm := 0
	for start := time.Now(); time.Since(start) < settling && calm < 8; {
		time.Sleep(25 * time.Millisecond)
		now := take()
		if now.goroutines < last.goroutines || now.files < last.files {
			calm = 0
		} else {
			calm++
		}
		last = now
	}
	return last
}

func take() sample {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	files, _ := os.ReadDir("/proc/self/fd")
	return sample{runtime.NumGoroutine(), len(files), stats.HeapObjects}
}

var header = regexp.MustCompile(`^goroutine \d+ \[([^\],]*)`)

// leaked asks the goroutine leak profile, which is there if the program was built with it.
func leaked() []string {
	profile := pprof.Lookup("goroutineleak")
	if profile == nil {
		return []string{}
	}
	var text strings.Builder
	if err := profile.WriteTo(&text, 2); err != nil {
		return []string{}
	}
	seen := map[string]int{}
	for stack := range strings.SplitSeq(text.String(), "\n\n") {
		lines := strings.Split(strings.TrimSpace(stack), "\n")
		match := header.FindStringSubmatch(lines[0])
		if match == nil || !strings.Contains(lines[0], "(leaked)") {
			continue
		}
		entry := ""
		for i, line := range lines {
			if strings.HasPrefix(line, "created by ") && i >= 2 {
				entry = lines[i-2]
				if strings.HasPrefix(entry, "pairs/meter.") && i >= 4 {
					entry = lines[i-4]
				}
			}
		}
		if open := strings.LastIndexByte(entry, '('); open > 0 {
			entry = entry[:open]
		}
		seen[fmt.Sprintf("%s [%s]", entry, strings.TrimSpace(strings.TrimSuffix(match[1], " (leaked)")))]++
	}
	list := make([]string, 0, len(seen))
	for leak, count := range seen {
		if count >= fewest {
			list = append(list, leak)
		}
	}
	sort.Strings(list)
	return list
}
