//! The module cache, replacements, vendor trees, workspaces.

use crate::case;

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
