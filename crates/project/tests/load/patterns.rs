//! What patterns name, and which files of a folder are built.

use crate::case;

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
    case.gives(&[""], "error: a pattern is empty");
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
fn importers_see_tests_unless_that_is_a_cycle() {
    let case = case(
        "
//- /m/go.mod
module example.com/m
go 1.25
//- /m/core/core.go
package core
//- /m/core/core_test.go
package core
import \"example.com/m/helper\"
//- /m/helper/helper.go
package helper
//- /m/helper/helper_test.go
package helper
import \"example.com/m/core\"
//- /m/one/one.go
package one
import (\"example.com/m/core\"; \"example.com/m/helper\")
//- /m/two/two.go
package two
import \"example.com/m/core\"
",
    );
    // The tests of both packages import the other: the one that fewer import is as it is for all.
    case.gives(
        &["./..."],
        "
example.com/m/core core.go
example.com/m/helper helper.go
* example.com/m/core core.go core_test.go, example.com/m/helper
* example.com/m/helper helper.go helper_test.go, example.com/m/core+test
* example.com/m/one one.go, example.com/m/core+test, example.com/m/helper
* example.com/m/two two.go, example.com/m/core+test",
    );
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
* example.com/m/b b.go, example.com/m/a+test
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
