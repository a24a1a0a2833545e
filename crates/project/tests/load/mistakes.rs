//! What is missing or broken is said; the rest is loaded.

use crate::{Case, case};

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
fn what_messages_quote_is_printable_and_short() {
    let mut case = case("\n//- /m/m.go\npackage m\n");
    case.fs.insert("/m/go.mod", format!("module m\n\u{1b}[2J{}\n", "x".repeat(1 << 20)));
    let workspace = case.load(&["."]);
    let texts: Vec<&str> = workspace.messages.iter().map(|m| m.text.as_str()).collect();
    assert_eq!(texts.len(), 1);
    assert!(texts[0].starts_with("line 2: unknown directive `\\u{1b}[2Jxxx"), "{}", texts[0]);
    assert!(texts[0].len() < 600 && !texts[0].contains('\u{1b}'));
}
