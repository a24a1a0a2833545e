// Command goleaks says which of the leaks that Go's own test of its goroutine leak profile expects
// are among given goroutines.
//
// Its argument is the test's source file. Its input has one goroutine a line: a number, the folder
// of its program below the test's programs, and what the test's regular expressions are meant to
// match, a frame and a wait reason; separated by tabs. Its output is JSON: the groups of tests with
// their programs, each with the expressions of its leaks and the numbers that match them.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path"
	"regexp"
	"runtime"
	"strconv"
	"strings"
)

// The test builds one table of cases a group, and passes each to a function of its own that runs
// the programs of one folder. What is needed of that is found by these names.
const (
	makers  = "make"     // prefix of the functions that make a case: name, then expressions
	appends = "append"   // joins groups that share a folder
	runner  = "runTests" // folder of the programs, then the group
)

type group struct {
	Name     string    `json:"name"`
	Folder   string    `json:"folder"`
	Programs []program `json:"programs"`
}

type program struct {
	Name  string `json:"name"`
	Leaks []leak `json:"leaks"`
}

type leak struct {
	Pattern string `json:"pattern"`
	Found   []int  `json:"found"`
}

type goroutine struct {
	number int
	folder string
	text   string
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 2 {
		return errors.New("usage: goleaks TEST_FILE <GOROUTINES")
	}
	groups, err := expectations(os.Args[1])
	if err != nil {
		return err
	}
	goroutines, err := read(os.Stdin)
	if err != nil {
		return err
	}
	for _, group := range groups {
		for _, program := range group.Programs {
			for i := range program.Leaks {
				if err := match(&program.Leaks[i], group.Folder, goroutines); err != nil {
					return fmt.Errorf("%s: %w", program.Name, err)
				}
			}
		}
	}
	out := json.NewEncoder(os.Stdout)
	return out.Encode(map[string]any{"version": runtime.Version(), "groups": groups})
}

func match(leak *leak, folder string, goroutines []goroutine) error {
	pattern, err := regexp.Compile(leak.Pattern)
	if err != nil {
		return err
	}
	leak.Found = []int{}
	for _, g := range goroutines {
		if g.folder == folder && pattern.MatchString(g.text) {
			leak.Found = append(leak.Found, g.number)
		}
	}
	return nil
}

func read(in io.Reader) ([]goroutine, error) {
	var goroutines []goroutine
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		parts := strings.SplitN(lines.Text(), "\t", 3)
		if len(parts) != 3 {
			return nil, fmt.Errorf("malformed goroutine %q", lines.Text())
		}
		number, err := strconv.Atoi(parts[0])
		if err != nil {
			return nil, err
		}
		goroutines = append(goroutines, goroutine{number, parts[1], parts[2]})
	}
	return goroutines, lines.Err()
}

// expectations reads the groups of tests out of the test's source.
func expectations(file string) ([]group, error) {
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var order []string
	cases := map[string][]program{} // by the variable that holds the group
	parts := map[string][]string{}  // the groups that a variable joins
	folders := map[string]string{}  // by the variable that is passed on
	ast.Inspect(tree, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.AssignStmt:
			for i, left := range node.Lhs {
				name, ok := left.(*ast.Ident)
				if !ok || i >= len(node.Rhs) {
					continue
				}
				switch right := node.Rhs[i].(type) {
				case *ast.CompositeLit:
					if programs := programs(right); len(programs) > 0 {
						order = append(order, name.Name)
						cases[name.Name] = programs
					}
				case *ast.CallExpr:
					if callee(right) == appends {
						for _, argument := range right.Args {
							if part, ok := argument.(*ast.Ident); ok && part.Name != name.Name {
								parts[name.Name] = append(parts[name.Name], part.Name)
							}
						}
					}
				}
			}
		case *ast.CallExpr:
			if callee(node) == runner && len(node.Args) == 2 {
				if name, ok := node.Args[1].(*ast.Ident); ok {
					folders[name.Name] = text(node.Args[0])
				}
			}
		}
		return true
	})
	for joined, folder := range folders {
		for _, part := range parts[joined] {
			folders[part] = folder
		}
	}
	var groups []group
	for _, name := range order {
		folder, ok := folders[name]
		if !ok {
			return nil, fmt.Errorf("%s: no folder has the programs of %s", file, name)
		}
		// The first folder is the root of all; the programs of others are below it.
		_, below, _ := strings.Cut(path.Clean(folder), "/")
		groups = append(groups, group{name, below, cases[name]})
	}
	if len(groups) == 0 {
		return nil, fmt.Errorf("%s: no tests found", file)
	}
	return groups, nil
}

// programs are the cases of a table, none if it is no table of cases.
func programs(table *ast.CompositeLit) []program {
	var programs []program
	for _, element := range table.Elts {
		call, ok := element.(*ast.CallExpr)
		if !ok || !strings.HasPrefix(callee(call), makers) || len(call.Args) == 0 {
			continue
		}
		made := program{Name: text(call.Args[0])}
		for _, argument := range call.Args[1:] {
			if pattern := text(argument); pattern != "" {
				made.Leaks = append(made.Leaks, leak{Pattern: pattern})
			}
		}
		programs = append(programs, made)
	}
	return programs
}

func callee(call *ast.CallExpr) string {
	name, _ := call.Fun.(*ast.Ident)
	if name == nil {
		return ""
	}
	return name.Name
}

// text is the value of a string literal, and empty for all else.
func text(expr ast.Expr) string {
	literal, ok := expr.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return ""
	}
	value, err := strconv.Unquote(literal.Value)
	if err != nil {
		return ""
	}
	return value
}
