package main

import (
	"bufio"
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"path/filepath"
	"strconv"
	"strings"
)

// writer prints one line an expression: file:offset:end, mode, type, and for constants the exact
// value; and one line an identifier: file:offset:end, def or use, and the declaration's file:offset
// (`universe`, or the import path of a package name). Paths are relative to the working directory
// where they lie below it.
type writer struct {
	out   *bufio.Writer
	fset  *token.FileSet
	dir   string
	names map[*token.File]string
	texts map[types.Type]string
}

func newWriter(out *bufio.Writer, p *program, dir string) *writer {
	return &writer{
		out:   out,
		fset:  p.fset,
		dir:   dir + string(filepath.Separator),
		names: map[*token.File]string{},
		texts: map[types.Type]string{},
	}
}

func (w *writer) info(info *types.Info) {
	w.expressions(info)
	w.identifiers(info)
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
