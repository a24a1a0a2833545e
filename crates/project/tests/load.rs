//! Every way to lay out Go code, and every way to get it wrong, over trees in memory.

use stanch_project::{Config, Import, Variant, Workspace, load};
use stanch_source::{Environment, MemoryFs};
use std::fmt::Write;
use std::path::Path;

/// A small Go installation.
const GO: &str = "
//- /go/VERSION
go1.26.1
//- /go/src/go.mod
module std
go 1.26
//- /go/src/runtime/runtime.go
package runtime
//- /go/src/fmt/fmt.go
package fmt
//- /go/src/net/net.go
package net
import _ \"golang.org/x/dns\"
//- /go/src/vendor/golang.org/x/dns/dns.go
package dns
";

struct Case {
    fs: MemoryFs,
    env: Environment,
    cwd: &'static str,
    tests: bool,
}

/// The installation and these files, seen from `/m`.
fn case(fixture: &str) -> Case {
    let fs = MemoryFs::from_fixture(&format!("{GO}{fixture}"));
    let variables =
        [("GOROOT", "/go"), ("GOMODCACHE", "/cache"), ("GOPATH", "/gopath"), ("GOARCH", "amd64")];
    Case { fs, env: Environment::from_variables(&variables), cwd: "/m", tests: true }
}

impl Case {
    fn with(mut self, name: &str, value: &str) -> Self {
        self.env.set(&[(name, value)]);
        self
    }

    fn at(self, cwd: &'static str) -> Self {
        Self { cwd, ..self }
    }

    fn load(&self, patterns: &[&str]) -> Workspace {
        let mut config = Config::new(&self.fs, &self.env, &[], None, None);
        config.tests = self.tests;
        let patterns: Vec<String> = patterns.iter().map(|p| (*p).to_owned()).collect();
        load(&self.fs, &config, Path::new(self.cwd), &patterns)
    }

    /// Packages outside of the installation (roots marked `*`) with their files and imports, then
    /// messages.
    #[track_caller]
    fn gives(&self, patterns: &[&str], expected: &str) {
        let workspace = self.load(patterns);
        let mut text = String::new();
        for package in workspace.packages.iter().filter(|p| !p.std || p.root) {
            let files: Vec<_> = package.files.iter().filter_map(|f| f.path.file_name()).collect();
            let files: Vec<_> = files.iter().map(|f| f.to_string_lossy()).collect();
            let mark = if package.root { "* " } else { "" };
            let _ = write!(text, "{mark}{} {}", package.path, files.join(" "));
            for (path, import) in &package.imports {
                let _ = match import {
                    Import::Package(id) => {
                        let to = &workspace.packages[*id];
                        let test = if to.variant == Variant::Test { "+test" } else { "" };
                        let as_path = if to.path == *path { "" } else { &to.path };
                        write!(text, ", {path}{test}").and(write!(
                            text,
                            "{}{as_path}",
                            if as_path.is_empty() { "" } else { "=" }
                        ))
                    }
                    other => write!(text, ", {path}={other:?}"),
                };
            }
            text.push('\n');
        }
        for message in &workspace.messages {
            let kind = if message.error { "error" } else { "warning" };
            let path = message.path.as_ref().map(|p| format!("{}: ", p.display()));
            let _ = writeln!(text, "{kind}: {}{}", path.unwrap_or_default(), message.text);
        }
        assert_eq!(text.trim_end(), expected.trim());
    }
}

#[test]
fn a_module() {
    let case = case(
        "
//- /m/go.mod
module example.com/m
go 1.22
//- /m/m.go
package main
import (\"fmt\"; \"example.com/m/a\"; \"net\"; \"unsafe\")
//- /m/a/a.go
package a
//- /m/a/a_windows.go
package a
//- /m/a/b.go
//go:build ignore

package main
//- /m/a/_c.go
package c
//- /m/testdata/t/t.go
package t
//- /m/_x/x.go
package x
//- /m/.y/y.go
package y
//- /m/vendor/v/v.go
package v
//- /m/nested/go.mod
module example.com/nested
//- /m/nested/n.go
package nested
",
    );
    let all = "
* example.com/m/a a.go
* example.com/m m.go, example.com/m/a, fmt, net, unsafe=Unsafe";
    case.gives(&["./..."], all);
    case.gives(&[], all);
    case.gives(&["example.com/m/..."], all);
    case.gives(
        &["all"],
        "
* example.com/m/a a.go
* fmt fmt.go
* vendor/golang.org/x/dns dns.go
* net net.go, golang.org/x/dns=vendor/golang.org/x/dns
* example.com/m m.go, example.com/m/a, fmt, net, unsafe=Unsafe",
    );
    case.gives(&["./a"], "* example.com/m/a a.go");
    case.gives(&["a"], "* example.com/m/a a.go");
    case.gives(&["b"], "error: package b cannot be found (this Go release does not have it); its types are unknown");
    case.gives(&["a/..."], "* example.com/m/a a.go");
    case.gives(&["/m/a"], "* example.com/m/a a.go");
    case.gives(&["example.com/m/a"], "* example.com/m/a a.go");
    case.gives(&["./testdata/t"], "* example.com/m/testdata/t t.go");
    case.gives(&["./testdata/..."], "* example.com/m/testdata/t t.go");
    case.gives(&["./nested"], "* example.com/nested n.go");
    case.gives(&["fmt"], "* fmt fmt.go");
    let package = case.load(&["./a"]);
    let package = &package.packages[package.roots[0]];
    assert_eq!((package.language, &*package.name), ((1, 22), "a"));
    assert_eq!(package.ignored, ["a_windows.go", "b.go"]);
}

#[test]
fn files() {
    let case = case(
        "
//- /m/go.mod
module example.com/m
go 1.22
//- /m/a/a.go
package a
import \"fmt\"
//- /m/a/b_windows.go
package a
//- /m/a/c.go
package a
",
    );
    case.gives(&["a/a.go", "./a/b_windows.go"], "* command-line-arguments a.go b_windows.go, fmt");
    case.gives(
        &["a/a.go", "a/none.go"],
        "
* command-line-arguments a.go, fmt
error: /m/a/none.go: cannot be read: no such file or directory; skipped",
    );
}

#[test]
fn patterns_that_name_nothing() {
    let case = case(
        "
//- /m/go.mod
module example.com/m
//- /m/a/a_windows.go
package a
//- /m/doc/README.md
# m
",
    );
    case.gives(&["./none"], "error: ./none: no such folder");
    case.gives(&["./none/..."], "error: ./none/...: no such folder");
    case.gives(&["./doc"], "error: ./doc: no Go files");
    case.gives(&["./doc/..."], "error: ./doc/...: no Go files");
    case.gives(
        &["./a"],
        "error: ./a: no Go files for linux/amd64: build constraints exclude all 1",
    );
    case.gives(&["example.com/x"], "error: package example.com/x cannot be found (no required module provides it); its types are unknown");
    case.gives(&["example.com/x/..."], "error: example.com/x/...: no package matches");
    case.gives(&["../../.."], "error: ../../..: no Go files");
}

#[test]
fn wildcards() {
    let case = case(
        "
//- /m/go.mod
module example.com/m
ignore ./web
ignore gen
//- /m/api/v1/a.go
package v1
//- /m/apix/v1/a.go
package v1
//- /m/apix/v2/a.go
package v2
//- /m/web/w.go
package web
//- /m/apix/gen/g.go
package gen
//- /m/apix/web/w.go
package web
",
    );
    case.gives(
        &["./api..."],
        "
* example.com/m/api/v1 a.go
* example.com/m/apix/v1 a.go
* example.com/m/apix/v2 a.go
* example.com/m/apix/web w.go",
    );
    case.gives(
        &["./.../v1"],
        "
* example.com/m/api/v1 a.go
* example.com/m/apix/v1 a.go",
    );
    case.gives(
        &["example.com/m/apix/v...", "./apix/v1"],
        "
* example.com/m/apix/v1 a.go
* example.com/m/apix/v2 a.go",
    );
    case.gives(&["./web"], "* example.com/m/web w.go");
}

#[test]
fn tests_are_packages_of_their_own() {
    let mut case = case(
        "
//- /m/go.mod
module example.com/m
go 1.25
//- /m/a/a.go
package a
//- /m/a/a_test.go
package a
import \"fmt\"
//- /m/a/x_test.go
package a_test
import (\"example.com/m/a\"; \"example.com/m/b\")
//- /m/b/b.go
package b
import \"example.com/m/a\"
//- /m/c/c_test.go
package c_test
",
    );
    case.gives(
        &["./..."],
        "
example.com/m/a a.go
* example.com/m/a a.go a_test.go, fmt
* example.com/m/b b.go, example.com/m/a
* example.com/m/a_test x_test.go, example.com/m/a+test, example.com/m/b
* example.com/m/c_test c_test.go",
    );
    case.tests = false;
    case.gives(
        &["./..."],
        "
* example.com/m/a a.go
* example.com/m/b b.go, example.com/m/a",
    );
}

const CACHE: &str = "
//- /cache/a.b/c@v1.1.0/go.mod
module a.b/c
go 1.20
//- /cache/a.b/c@v1.1.0/c.go
package c
//- /cache/a.b/c@v1.1.0/sub/s.go
package sub
import \"d.e/!f\"
//- /cache/a.b/c@v1.2.0/c.go
package c
import \"d.e/Up/g\"
//- /cache/cache/download/a.b/c/@v/v1.1.0.mod
module a.b/c
go 1.20
//- /cache/cache/download/a.b/c/@v/v1.2.0.mod
module a.b/c
require d.e/Up v0.9.0
//- /cache/d.e/!up@v0.9.0/g/g.go
package g
//- /cache/d.e/!up@v1.0.0/g/g.go
package g
//- /cache/d.e/!up@v1.0.0/g/tool/t.go
package main
";

#[test]
fn the_module_cache() {
    let case = case(&format!(
        "{CACHE}
//- /m/go.mod
module example.com/m
go 1.22
require (
	a.b/c v1.2.0
	d.e/Up v1.0.0 // indirect
)
//- /m/m.go
package m
import \"a.b/c\"
"
    ));
    case.gives(
        &["."],
        "
d.e/Up/g g.go
a.b/c c.go, d.e/Up/g
* example.com/m m.go, a.b/c",
    );
    let workspace = case.load(&["."]);
    let of = |path: &str| {
        workspace.packages.iter().find(|p| p.path == path).and_then(|p| p.module.clone())
    };
    assert_eq!(of("d.e/Up/g").and_then(|m| m.version).as_deref(), Some("v1.0.0"));
    assert_eq!(of("a.b/c").map(|m| m.go), Some((1, 16)));
    case.gives(
        &["d.e/Up/g/..."],
        "
* d.e/Up/g g.go
* d.e/Up/g/tool t.go",
    );
    case.gives(
        &["a.b/..."],
        "
d.e/Up/g g.go
* a.b/c c.go, d.e/Up/g",
    );
}

#[test]
fn old_modules_need_the_whole_graph() {
    let case = case(&format!(
        "{CACHE}
//- /m/go.mod
module example.com/m
go 1.16
require a.b/c v1.1.0
require x.y/z v1.0.0
//- /m/m.go
package m
import \"d.e/Up/g\"
import \"a.b/c\"
//- /cache/cache/download/x.y/z/@v/v1.0.0.mod
module x.y/z
require a.b/c v1.2.0
"
    ));
    // a.b/c rises to what x.y/z asks for, which asks for d.e/Up.
    case.gives(
        &["."],
        "
d.e/Up/g g.go
a.b/c c.go, d.e/Up/g
* example.com/m m.go, a.b/c, d.e/Up/g",
    );
}

#[test]
fn older_versions_of_the_main_module_require_too() {
    let case = case(&format!(
        "{CACHE}
//- /m/go.mod
module example.com/m
require x.y/z v1.0.0
//- /m/m.go
package m
import \"d.e/Up/g\"
//- /cache/cache/download/x.y/z/@v/v1.0.0.mod
module x.y/z
require example.com/m v0.1.0
//- /cache/cache/download/example.com/m/@v/v0.1.0.mod
module example.com/m
require d.e/Up v1.0.0
"
    ));
    case.gives(
        &["."],
        "
d.e/Up/g g.go
* example.com/m m.go, d.e/Up/g",
    );
}

#[test]
fn a_go_mod_that_does_not_list_all() {
    let case = case(&format!(
        "{CACHE}
//- /m/go.mod
module example.com/m
go 1.22
require a.b/c v1.2.0
//- /m/m.go
package m
import \"a.b/c\"
"
    ));
    case.gives(
        &["."],
        "
d.e/Up/g g.go
a.b/c c.go, d.e/Up/g
* example.com/m m.go, a.b/c",
    );
}

#[test]
fn replacements_and_exclusions() {
    let case = case(&format!(
        "{CACHE}
//- /m/go.mod
module example.com/m
go 1.16
require a.b/c v1.0.0
require d.e/Up v1.0.0
require g.h/i v1.0.0
replace (
	a.b/c => a.b/c v1.1.0
	a.b/c v1.0.0 => ../c
	d.e/Up => d.e/Up v0.9.0
	g.h/i => ./none
)
exclude d.e/Up v1.0.0
exclude d.e/Up v3.0.0
//- /m/m.go
package m
import (\"a.b/c\"; \"d.e/Up/g\"; \"g.h/i\")
//- /c/go.mod
module other.name/c
go 1.19
require d.e/Up v2.0.0
//- /c/c.go
package c
"
    ));
    case.gives(&["."], "
a.b/c c.go
d.e/Up/g g.go
* example.com/m m.go, a.b/c, d.e/Up/g, g.h/i=Missing
warning: the folder /m/none, which replaces module g.h/i@v1.0.0, does not exist; its types are unknown");
    let workspace = case.load(&["."]);
    let dirs: Vec<_> = workspace.packages.iter().map(|p| p.dir.display().to_string()).collect();
    assert_eq!(dirs, ["/c", "/cache/d.e/!up@v0.9.0/g", "/m"]);
}

#[test]
fn missing_modules_are_said_once() {
    let case = case(
        "
//- /m/go.mod
module example.com/m
go 1.22
require a.b/c v1.0.0
//- /m/m.go
package m
import (\"a.b/c\"; \"a.b/c/d\"; \"x.y/z\"; \"example.com/m/none\"; \"fnt\"; \"a.b/../c\")
//- /m/n/n.go
package n
import (\"a.b/c/d\"; \"x.y/z/w\")
",
    );
    case.gives(&["./..."], "
* example.com/m m.go, a.b/../c=Missing, a.b/c=Missing, a.b/c/d=Missing, example.com/m/none=Missing, fnt=Missing, x.y/z=Missing
* example.com/m/n n.go, a.b/c/d=Missing, x.y/z/w=Missing
warning: 2 packages of x.y/z cannot be found (no required module provides it), x.y/z for one; their types are unknown
warning: module a.b/c@v1.0.0 is not in the module cache; its types are unknown
warning: package a.b/../c cannot be found (it is not a valid import path); its types are unknown
warning: package example.com/m/none cannot be found (the module has no such package); its types are unknown
warning: package fnt cannot be found (this Go release does not have it); its types are unknown");
}

#[test]
fn without_an_installation() {
    let case = case(
        "
//- /m/go.mod
module example.com/m
//- /m/m.go
package m
import (\"fmt\"; \"net\")
",
    )
    .with("GOROOT", "");
    let case = Case {
        env: {
            let mut env = case.env;
            env.goroots.clear();
            env
        },
        ..case
    };
    case.gives(&["."], "
* example.com/m m.go, fmt=Missing, net=Missing
warning: GOROOT was not found (set GOROOT, or put `go` on PATH); types of the standard library are unknown");
    case.gives(&["std"], "
warning: GOROOT was not found (set GOROOT, or put `go` on PATH); types of the standard library are unknown
error: std: GOROOT was not found");
}

const VENDOR: &str = "
//- /m/go.mod
module example.com/m
go 1.21
require a.b/c v1.0.0
//- /m/m.go
package m
import (\"a.b/c\"; \"a.b/d\")
//- /m/vendor/modules.txt
# a.b/c v1.0.0
## explicit; go 1.18
a.b/c
//- /m/vendor/a.b/c/c.go
package c
import \"fmt\"
";

#[test]
fn a_vendor_tree() {
    let case = case(VENDOR);
    case.gives(
        &["./..."],
        "
a.b/c c.go, fmt
* example.com/m m.go, a.b/c, a.b/d=Missing
warning: package a.b/d cannot be found (it is not in the vendor folder); its types are unknown",
    );
    case.gives(&["a.b/..."], "* a.b/c c.go, fmt");
    let workspace = case.load(&["a.b/c"]);
    assert_eq!(workspace.packages[workspace.roots[0]].language, (1, 18));
    case.with("GOFLAGS", "-mod=mod").gives(
        &["."],
        "
* example.com/m m.go, a.b/c=Missing, a.b/d=Missing
warning: module a.b/c@v1.0.0 is not in the module cache; its types are unknown
warning: package a.b/d cannot be found (no required module provides it); its types are unknown",
    );
}

#[test]
fn a_vendor_tree_that_does_not_count() {
    let old = VENDOR.replace("go 1.21", "go 1.13");
    let message = "
* example.com/m m.go, a.b/c=Missing, a.b/d=Missing
warning: module a.b/c@v1.0.0 is not in the module cache; its types are unknown
warning: package a.b/d cannot be found (no required module provides it); its types are unknown";
    case(&old).gives(&["."], message);
    let of_workspace = VENDOR.replace("# a.b/c v1", "## workspace\n# a.b/c v1");
    case(&of_workspace).gives(&["."], message);
    case(
        "
//- /m/go.mod
module example.com/m
//- /m/m.go
package m
",
    )
    .with("GOFLAGS", "-mod=vendor")
    .gives(
        &["."],
        "
* example.com/m m.go
warning: /m: there is no vendor folder although -mod=vendor is set",
    );
}

const WORK: &str = "
//- /m/go.work
go 1.22
use (
	./one
	./two
	./none
)
replace a.b/c => ./two/c
//- /m/one/go.mod
module example.com/one
go 1.20
require example.com/two v1.0.0
require a.b/c v1.0.0
replace a.b/c => ../wrong
//- /m/one/one.go
package one
import (\"example.com/two/sub\"; \"a.b/c\")
//- /m/two/go.mod
module example.com/two
//- /m/two/sub/s.go
package sub
//- /m/two/c/go.mod
module a.b/c
//- /m/two/c/c.go
package c
//- /m/alone/go.mod
module example.com/alone
//- /m/alone/a.go
package alone
import \"example.com/two/sub\"
";

#[test]
fn a_workspace() {
    let case = case(WORK);
    let none = "warning: /m/go.work: uses /m/none, which has no go.mod";
    case.gives(
        &["./one"],
        &format!(
            "
a.b/c c.go
example.com/two/sub s.go
* example.com/one one.go, a.b/c, example.com/two/sub
{none}"
        ),
    );
    let all = format!(
        "
a.b/c c.go
* example.com/two/sub s.go
* example.com/one one.go, a.b/c, example.com/two/sub
{none}"
    );
    case.gives(&["./..."], &all);
    case.gives(&["example.com/..."], &all);
    case.gives(&["./alone"], &format!("
* example.com/alone a.go, example.com/two/sub=Missing
warning: package example.com/two/sub cannot be found (no required module provides it); its types are unknown
{none}"));
}

#[test]
fn a_workspace_that_is_switched_off() {
    let case = case(WORK).with("GOWORK", "off");
    case.gives(&["./..."], "error: ./...: no Go files outside of other modules; the module in alone for one has to be named: `alone/...`");
    case.gives(&["./two/..."], "* example.com/two/sub s.go");
    case.with("GOWORK", "/m/go.work").at("/m/one").gives(
        &[],
        "
a.b/c c.go
example.com/two/sub s.go
* example.com/one one.go, a.b/c, example.com/two/sub
warning: /m/go.work: uses /m/none, which has no go.mod",
    );
}

#[test]
fn a_vendored_workspace() {
    let case = case(&format!(
        "{WORK}
//- /m/vendor/modules.txt
## workspace
# a.b/c v1.0.0 => ./two/c
## explicit
a.b/c
//- /m/vendor/a.b/c/vendored.go
package c
"
    ));
    case.gives(
        &["./one"],
        "
a.b/c vendored.go
example.com/two/sub s.go
* example.com/one one.go, a.b/c, example.com/two/sub
warning: /m/go.work: uses /m/none, which has no go.mod",
    );
}

#[test]
fn the_installation_itself() {
    let std = "
* fmt fmt.go
* vendor/golang.org/x/dns dns.go
* net net.go, golang.org/x/dns=vendor/golang.org/x/dns
* runtime runtime.go";
    case("").at("/go/src").gives(&["std"], std);
    case("")
        .at("/go/src")
        .gives(&["./net"], "* net net.go, golang.org/x/dns=vendor/golang.org/x/dns");
    case("").gives(&["std"], std);
}

#[test]
fn another_source_tree_of_go() {
    let case = case(
        "
//- /tree/src/go.mod
module std
go 1.27
//- /tree/src/internal/goversion/goversion.go
package goversion

const Version = 27
//- /tree/src/runtime/r.go
package runtime
//- /tree/src/a/a.go
//go:build go1.27
package a
import \"runtime\"
",
    );
    let case = case.at("/tree/src/a");
    case.gives(&["."], "* a a.go, runtime");
    assert_eq!(case.load(&["."]).goroot.as_deref(), Some(Path::new("/tree")));
}

#[test]
fn a_plain_folder() {
    let case = case(
        "
//- /m/a.go
package main
import (\"fmt\"; \"x.y/z\"; \"in.gopath/p\")
//- /m/sub/b.go
package sub
//- /gopath/src/in.gopath/p/p.go
package p
",
    );
    case.gives(
        &["./..."],
        "
in.gopath/p p.go
* m a.go, fmt, in.gopath/p, x.y/z=Missing
* sub b.go
warning: package x.y/z cannot be found (there is no go.mod); its types are unknown",
    );
    let workspace = case.load(&["."]);
    assert_eq!(workspace.packages[workspace.roots[0]].language, (1, 26));
}

#[test]
fn gopath_mode() {
    let case = case(
        "
//- /gopath/src/a.b/c/go.mod
module not.used
//- /gopath/src/a.b/c/c.go
package c
import (\"a.b/d\"; \"x.y/z\")
//- /gopath/src/a.b/d/d.go
package d
import \"x.y/z\"
//- /gopath/src/a.b/c/vendor/x.y/z/vendored.go
package z
//- /gopath/src/x.y/z/z.go
package z
",
    )
    .with("GO111MODULE", "off")
    .at("/gopath/src/a.b/c");
    case.gives(
        &["."],
        "
x.y/z z.go
a.b/d d.go, x.y/z
a.b/c/vendor/x.y/z vendored.go
* a.b/c c.go, a.b/d, x.y/z=a.b/c/vendor/x.y/z",
    );
}

#[test]
fn import_cycles_are_cut() {
    let case = case(
        "
//- /m/go.mod
module m.m
//- /m/a/a.go
package a
import \"m.m/b\"
//- /m/b/b.go
package b
import \"m.m/a\"
//- /m/self/s.go
package self
import \"m.m/self\"
",
    );
    case.gives(&["./..."], "
* m.m/b b.go, m.m/a=Missing
* m.m/a a.go, m.m/b
* m.m/self s.go, m.m/self=Missing
warning: import cycle: package m.m/b imports m.m/a, which imports it again; the types of m.m/a are unknown in m.m/b
warning: import cycle: package m.m/self imports itself");
}

#[test]
fn files_that_cannot_be_used() {
    let mut case = case(
        "
//- /m/go.mod
module m.m
modul x
require (
//- /m/a/a.go
package a
//- /m/a/b.go
package b
//- /m/a/c.go
package a
//- /m/a/secret.go
package a
//- /m/a/empty.go
//- /m/a/odd.go
//go:build (linux

package a
//- /m/locked/l.go
package locked
//- /m/cgo/a.go
package cgo
//- /m/cgo/b.go
package cgo
import \"C\"
//- /m/onlycgo/b.go
package onlycgo
import \"C\"
//- /m/use/u.go
package use
import \"m.m/onlycgo\"
",
    );
    case.fs.forbid("/m/a/secret.go", "permission denied");
    case.fs.forbid("/m/locked", "permission denied");
    case.fs.insert("/m/a/bytes.go", b"package a\n\xff\xfe\x00".to_vec());
    case.gives(
        &["./..."],
        "
* m.m/a a.go bytes.go c.go empty.go odd.go
* m.m/cgo a.go
* m.m/use u.go, m.m/onlycgo=Missing
warning: 2 files that import \"C\" are not analysed, since cgo is not run
warning: package m.m/onlycgo cannot be found (all its files need cgo); its types are unknown
warning: /m/a: holds files of packages `a` and `b`; only `a` is analysed
warning: /m/a/odd.go: build constraint: missing ) in build constraint; it is taken to hold
warning: /m/a/secret.go: cannot be read: permission denied; skipped
warning: /m/go.mod: line 2: unknown directive `modul`; the line is skipped
warning: /m/go.mod: line 3: block without `)`; the line is skipped
warning: /m/locked: cannot be read: permission denied",
    );
}

#[test]
fn a_go_mod_full_of_noise() {
    let mut case = case(
        "
//- /m/m.go
package m
",
    );
    case.fs.insert("/m/go.mod", "\u{fffd}\n".repeat(1000));
    case.gives(
        &["."],
        "
* m m.go
warning: /m/go.mod: 995 more lines cannot be understood and are skipped
warning: /m/go.mod: has no module line; the folder's name is used
warning: /m/go.mod: line 1: unknown directive `\u{fffd}`; the line is skipped
warning: /m/go.mod: line 2: unknown directive `\u{fffd}`; the line is skipped
warning: /m/go.mod: line 3: unknown directive `\u{fffd}`; the line is skipped
warning: /m/go.mod: line 4: unknown directive `\u{fffd}`; the line is skipped
warning: /m/go.mod: line 5: unknown directive `\u{fffd}`; the line is skipped",
    );
}

#[test]
fn language_versions_of_files() {
    let case = case(
        "
//- /m/go.mod
module m.m
go 1.24
//- /m/a.go
package m
//- /m/b.go
//go:build go1.26

package m
//- /m/c.go
//go:build go1.9

package m
",
    );
    let workspace = case.load(&["."]);
    let files = &workspace.packages[workspace.roots[0]].files;
    let versions: Vec<u32> = files.iter().map(|f| f.language.1).collect();
    assert_eq!(versions, [24, 26, 21]);
}

#[test]
fn targets_and_tags() {
    let fixture = "
//- /m/go.mod
module m.m
//- /m/a_windows.go
package m
//- /m/b_arm64.go
package m
//- /m/c.go
//go:build special && !cgo

package m
//- /m/d.go
//go:build amd64.v3

package m
//- /m/e.go
//go:build darwin

package m
";
    case(fixture).with("GOOS", "windows").gives(&["."], "* m.m a_windows.go");
    case(fixture).with("GOARCH", "arm64").gives(&["."], "* m.m b_arm64.go");
    case(fixture).with("GOFLAGS", "-race -tags=special,other").gives(&["."], "* m.m c.go");
    case(fixture).with("GOAMD64", "v3").gives(&["."], "* m.m d.go");
    case(fixture).with("GOOS", "ios").gives(&["."], "* m.m e.go");
}
