// Command types prints what go/types records for packages, in the format of `stanch debug types`.
//
// One line an expression: file:offset:end, mode, type, and for constants the exact value. One line
// an identifier: file:offset:end, def or use, and the declaration's file:offset (`universe`, or the
// import path of a package name). Paths are relative to the working directory where they lie below
// it. Run it with CGO_ENABLED=0.
package main

import (
	"bufio"
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/tools/go/packages"
)

func main() {
	tests := true
	patterns := os.Args[1:]
	if len(patterns) > 0 && patterns[0] == "-no-tests" {
		tests, patterns = false, patterns[1:]
	}
	config := &packages.Config{Mode: packages.LoadAllSyntax, Tests: tests}
	roots, err := packages.Load(config, patterns...)
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
	for _, p := range roots {
		if strings.HasSuffix(p.ID, ".test") {
			continue
		}
		for _, err := range p.Errors {
			fmt.Fprintln(os.Stderr, p.ID, err)
		}
		w := &writer{out: out, fset: p.Fset, dir: dir + string(filepath.Separator), names: map[*token.File]string{}}
		w.expressions(p.TypesInfo)
		w.identifiers(p.TypesInfo)
	}
}

type writer struct {
	out   *bufio.Writer
	fset  *token.FileSet
	dir   string
	names map[*token.File]string
	texts map[types.Type]string
}

// place is a position without regard to line directives.
func (w *writer) place(pos token.Pos) string {
	file := w.fset.File(pos)
	if file == nil {
		return "?"
	}
	name, ok := w.names[file]
	if !ok {
		name = strings.TrimPrefix(file.Name(), w.dir)
		w.names[file] = name
	}
	return name + ":" + strconv.Itoa(file.Offset(pos))
}

func (w *writer) span(n ast.Node) string {
	file := w.fset.File(n.Pos())
	if file == nil {
		return "?"
	}
	return w.place(n.Pos()) + ":" + strconv.Itoa(file.Offset(n.End()))
}

func (w *writer) text(t types.Type) string {
	if t == nil {
		return "()"
	}
	text, ok := w.texts[t]
	if !ok {
		text = types.TypeString(t, nil)
		if w.texts == nil {
			w.texts = map[types.Type]string{}
		}
		w.texts[t] = text
	}
	return text
}

func (w *writer) expressions(info *types.Info) {
	for e, tv := range info.Types {
		if !e.Pos().IsValid() {
			continue // an interface made up around a constraint's union
		}
		mode := "other"
		switch {
		case tv.IsVoid():
			mode = "novalue"
		case tv.IsType():
			mode = "type"
		case tv.IsBuiltin():
			mode = "builtin"
		case tv.Value != nil:
			mode = "const"
		case tv.IsNil():
			mode = "nil"
		case tv.IsValue():
			mode = "value"
		}
		fmt.Fprintf(w.out, "%s\t%s\t%s", w.span(e), mode, w.text(tv.Type))
		if tv.Value != nil {
			fmt.Fprintf(w.out, "\t%s", exact(tv.Value))
		}
		w.out.WriteByte('\n')
	}
}

func (w *writer) identifiers(info *types.Info) {
	for id, obj := range info.Defs {
		if obj != nil {
			fmt.Fprintf(w.out, "%s\tdef\t%s\n", w.span(id), w.declaration(id, obj))
		}
	}
	for id, obj := range info.Uses {
		if def := info.Defs[id]; def == obj {
			continue // a receiver's type parameter is both
		}
		fmt.Fprintf(w.out, "%s\tuse\t%s\n", w.span(id), w.declaration(id, obj))
	}
}

func (w *writer) declaration(id *ast.Ident, obj types.Object) string {
	if name, ok := obj.(*types.PkgName); ok && id.Pos() != obj.Pos() {
		return name.Imported().Path()
	}
	if !obj.Pos().IsValid() {
		return "universe"
	}
	return w.place(obj.Pos())
}

func exact(v constant.Value) string {
	if v.Kind() == constant.String {
		return strconv.QuoteToASCII(constant.StringVal(v))
	}
	return v.ExactString()
}
