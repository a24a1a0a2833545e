package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
)

// listed is a package as `go list` prints it.
type listed struct {
	ImportPath string
	Dir        string
	Name       string
	GoFiles    []string
	CgoFiles   []string
	ImportMap  map[string]string
	ForTest    string
	Standard   bool
	DepOnly    bool
	Module     *struct{ GoVersion string }
}

// list runs `go list`; imports come before what imports them.
func list(patterns []string, tests bool) ([]*listed, error) {
	fields := "ImportPath,Dir,Name,GoFiles,CgoFiles,ImportMap,ForTest,Standard,DepOnly,Module"
	args := []string{"list", "-e", "-deps", "-json=" + fields, fmt.Sprintf("-test=%t", tests), "--"}
	command := exec.Command("go", append(args, patterns...)...)
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var packages []*listed
	for decoder := json.NewDecoder(bytes.NewReader(output)); ; {
		pkg := &listed{}
		if err := decoder.Decode(pkg); err == io.EOF {
			return packages, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		packages = append(packages, pkg)
	}
}

// program checks packages, each once.
type program struct {
	fset   *token.FileSet
	bodies bool
	lines  atomic.Int64
	byPath map[string]*listed
	mutex  sync.Mutex
	states map[*listed]*checked
}

type checked struct {
	once   sync.Once
	pkg    *types.Package
	info   *types.Info
	files  []*ast.File
	errors []error
}

func newProgram(packages []*listed) *program {
	p := &program{fset: token.NewFileSet(), byPath: map[string]*listed{}, states: map[*listed]*checked{}}
	for _, pkg := range packages {
		p.byPath[pkg.ImportPath] = pkg
	}
	return p
}

// check checks the package and, before it, what it imports.
func (p *program) check(pkg *listed) *checked {
	p.mutex.Lock()
	c, ok := p.states[pkg]
	if !ok {
		c = &checked{}
		p.states[pkg] = c
	}
	p.mutex.Unlock()
	c.once.Do(func() { p.run(pkg, c) })
	return c
}

func (p *program) run(pkg *listed, c *checked) {
	if pkg.ImportPath == "unsafe" {
		c.pkg = types.Unsafe
		return
	}
	var files []*ast.File
	for _, name := range append(pkg.GoFiles, pkg.CgoFiles...) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(pkg.Dir, name)
		}
		file, err := parser.ParseFile(p.fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			c.errors = append(c.errors, err)
		}
		if file != nil {
			files = append(files, file)
			p.lines.Add(int64(p.fset.File(file.FileStart).LineCount()))
		}
	}
	path, _, _ := strings.Cut(pkg.ImportPath, " [")
	version := release()
	if pkg.Module != nil && pkg.Module.GoVersion != "" {
		version = "go" + pkg.Module.GoVersion
	}
	if !pkg.DepOnly {
		c.info = newInfo()
	}
	config := p.config(pkg, version, c)
	config.IgnoreFuncBodies = pkg.DepOnly && !p.bodies
	c.pkg, _ = config.Check(path, p.fset, files, c.info)
	if p.bodies {
		c.files = files
	}
}

// release is the language version of this Go.
func release() string {
	parts := strings.SplitN(runtime.Version(), ".", 3)
	return parts[0] + "." + parts[1]
}

func (p *program) config(pkg *listed, version string, c *checked) *types.Config {
	return &types.Config{
		GoVersion:   version,
		FakeImportC: true,
		Sizes:       types.SizesFor("gc", runtime.GOARCH),
		Error:       func(err error) { c.errors = append(c.errors, err) },
		Importer:    importer{p, pkg},
	}
}

func newInfo() *types.Info {
	return &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{},
		Defs:  map[*ast.Ident]types.Object{},
		Uses:  map[*ast.Ident]types.Object{},
	}
}

// checkFile prints the file's package if there is no fault in it.
func (p *program) checkFile(name string, w *writer) bool {
	file, err := parser.ParseFile(p.fset, name, nil, parser.SkipObjectResolution)
	if err != nil {
		return false
	}
	c := &checked{info: newInfo()}
	config := p.config(&listed{}, release(), c)
	config.FakeImportC = false
	_, err = config.Check("command-line-arguments", p.fset, []*ast.File{file}, c.info)
	if err != nil || len(c.errors) > 0 {
		return false
	}
	w.info(c.info)
	return true
}

// importer resolves the imports of one package.
type importer struct {
	program *program
	from    *listed
}

func (i importer) Import(path string) (*types.Package, error) {
	if mapped, ok := i.from.ImportMap[path]; ok {
		path = mapped
	}
	pkg, ok := i.program.byPath[path]
	if !ok || pkg.Name == "" {
		return nil, fmt.Errorf("package %s is missing", path)
	}
	return i.program.check(pkg).pkg, nil
}
