//! Code outside of modules: GOROOT, plain folders, GOPATH.

use crate::case;
use std::path::Path;

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
fn a_tree_from_before_go_mod() {
    let case = case(
        "
//- /m/a.go
package main
import (\"x.y/m/sub\"; \"x.y/z\"; \"x.y/other\")
//- /m/sub/b.go
package sub
import \"x.y/m/sub/deep\"
//- /m/sub/deep/c.go
package deep
//- /m/vendor/x.y/z/z.go
package z
",
    );
    case.gives(
        &["./..."],
        "
* x.y/m/sub/deep c.go
* x.y/m/sub b.go, x.y/m/sub/deep
x.y/z z.go
* x.y/m a.go, x.y/m/sub, x.y/other=Missing, x.y/z
warning: package x.y/other cannot be found (it is not in the vendor folder); its types are unknown
warning: /m: there is no go.mod; the packages import each other as x.y/m",
    );
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
