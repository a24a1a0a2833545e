// Command parser prints, for every .go file under the given roots, whether go/parser accepts it.
//
// One line a file, sorted: the path relative to its root with slashes, a tab, accept or reject.
package main

import (
	"bufio"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: parser ROOT...")
		os.Exit(2)
	}
	fmt.Println("#", runtime.Version())
	var lines []string
	for _, root := range os.Args[1:] {
		found, err := verdicts(root)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		lines = append(lines, found...)
	}
	sort.Strings(lines)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for _, line := range lines {
		fmt.Fprintln(out, line)
	}
}

func verdicts(root string) ([]string, error) {
	var lines []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !entry.Type().IsRegular() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		verdict := "accept"
		if _, err := parser.ParseFile(token.NewFileSet(), path, src, parser.SkipObjectResolution); err != nil {
			verdict = "reject"
		}
		lines = append(lines, filepath.ToSlash(relative)+"\t"+verdict)
		return nil
	})
	return lines, err
}
