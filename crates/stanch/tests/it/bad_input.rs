//! Bad input is a diagnostic that names the file; the rest is analysed all the same.

use crate::common::{LEAK, Module};

const FOUND: &str = "good/leak.go:6 abandoned-send";

/// A module whose package `good` leaks; tests add what is bad.
fn module(name: &str) -> Module {
    Module::new(name).write("good/leak.go", LEAK)
}

/// The good package's leak is found, and `file` is complained about.
#[track_caller]
fn assert_told(module: &Module, file: &str) {
    let checked = module.check(&[]);
    assert_eq!(checked.code, Some(1), "{:#}", checked.document["diagnostics"]);
    assert!(checked.findings().contains(&FOUND.to_owned()), "{:?}", checked.findings());
    assert!(checked.complains_about(file), "{:#}", checked.document["diagnostics"]);
}

#[test]
fn a_file_that_is_not_utf8() {
    assert_told(&module("not_utf8").write("bad/bad.go", b"package bad\n\xff\xfe\n"), "bad.go");
    assert_told(&module("not_utf8_here").write("good/bad.go", b"\xff\xfe\x00"), "bad.go");
}

#[test]
fn an_empty_file() {
    assert_told(&module("empty").write("bad/bad.go", ""), "bad.go");
    assert_told(&module("empty_here").write("good/bad.go", ""), "bad.go");
}

#[test]
fn a_file_of_zeros() {
    assert_told(&module("zeros").write("bad/bad.go", vec![0; 1 << 20]), "bad.go");
}

#[test]
fn a_million_parentheses() {
    let n = 1_000_000;
    let deep = format!("package bad\n\nvar x = {}1{}\n", "(".repeat(n), ")".repeat(n));
    assert_told(&module("parentheses").write("bad/bad.go", deep), "bad.go");
    let open = format!("package bad\n\nfunc f() {{ {}", "((".repeat(n / 2));
    assert_told(&module("open_parentheses").write("bad/bad.go", open), "bad.go");
}

#[test]
fn deep_nesting_of_every_kind() {
    let n = 200_000;
    let around = |before: &str, after: &str| {
        format!("package bad\n\nfunc f() {{\n{}{}\n}}\n", before.repeat(n), after.repeat(n))
    };
    let texts = [
        ("blocks", around("{", "}")),
        ("closures", around("func() {", "}()")),
        ("ifs", around("if x {", "}")),
        ("selects", around("select { default: ", "}")),
        ("unary", format!("package bad\n\nvar x = {}y\n", "-".repeat(n))),
        ("arrows", format!("package bad\n\nvar x = {}y\n", "<-".repeat(n))),
        ("types", format!("package bad\n\ntype T {}int\n", "[]".repeat(n))),
        ("channels", format!("package bad\n\ntype T {}int\n", "chan ".repeat(n))),
        ("structs", format!("package bad\n\ntype T {}{}\n", "struct{a ".repeat(n), "}".repeat(n))),
        ("calls", format!("package bad\n\nvar x = f{}\n", "()".repeat(n))),
        ("binary", format!("package bad\n\nvar x = 1{}\n", "+1".repeat(n))),
        (
            "else_if",
            format!("package bad\nfunc f() {{ if x {{}} {} }}\n", "else if x {}".repeat(n)),
        ),
    ];
    for (name, text) in texts {
        let module = module(&format!("deep_{name}")).write("bad/bad.go", text);
        let checked = module.check(&[]);
        assert!(checked.findings().contains(&FOUND.to_owned()), "{name}");
    }
}

#[test]
fn a_file_cut_anywhere() {
    for cut in (0..LEAK.len()).step_by(7) {
        let text = &LEAK.replace("package leak", "package bad")[..cut];
        let checked = module("cut").write("bad/bad.go", text).check(&[]);
        assert!(checked.findings().contains(&FOUND.to_owned()), "cut at {cut}");
    }
}

#[test]
fn declarations_before_a_syntax_error_are_analysed() {
    let text = format!("{LEAK}\nfunc broken( {{\n");
    let checked = Module::new("half").write("half.go", text).check(&[]);
    assert_eq!(checked.findings(), ["half.go:6 abandoned-send"]);
    assert!(checked.complains_about("half.go"));
}

#[test]
fn a_go_mod_that_does_not_parse() {
    let module = module("bad_go_mod").write("go.mod", "modul example.com/m\n\x00require (\n");
    assert_told(&module, "go.mod");
}

#[test]
fn a_go_work_that_does_not_parse() {
    assert_told(&module("bad_go_work").write("go.work", "use (\n"), "go.work");
}

#[test]
fn an_import_cycle() {
    let module = module("cycle")
        .write("a/a.go", "package a\n\nimport _ \"example.com/m/b\"\n")
        .write("b/b.go", "package b\n\nimport _ \"example.com/m/a\"\n");
    assert_told(&module, "cycle");
}

#[test]
fn a_package_that_imports_itself() {
    let text = "package a\n\nimport \"example.com/m/a\"\n\nvar X = a.X\n";
    assert_told(&module("self_import").write("a/a.go", text), "example.com/m/a");
}

#[test]
fn a_package_that_is_missing() {
    let text = "package bad\n\nimport \"example.com/missing/dep\"\n\nvar X = dep.X\n";
    assert_told(&module("missing_package").write("bad/bad.go", text), "example.com/missing/dep");
}

#[test]
fn two_packages_in_one_folder() {
    assert_told(&module("two_names").write("good/other.go", "package other\n"), "other");
}

#[test]
fn types_that_contain_themselves() {
    let text = "package bad\n\ntype T struct{ t T }\ntype A = A\ntype I interface{ I }\n\
                type G[P G[P]] struct{}\nvar x = y\nvar y = x\nconst c = c\n";
    let checked = module("recursive").write("bad/bad.go", text).check(&[]);
    assert!(checked.findings().contains(&FOUND.to_owned()));
}

#[test]
fn a_huge_file() {
    let mut text = String::from("package bad\n");
    for n in 0..50_000 {
        text.push_str(&format!("\nfunc f{n}(x int) int {{\n\treturn x + {n}\n}}\n"));
    }
    let checked = module("huge").write("bad/bad.go", text).check(&[]);
    assert!(checked.findings().contains(&FOUND.to_owned()));
}

#[test]
fn a_go_file_that_is_a_folder() {
    let checked = module("folder").write("bad/bad.go/inner.go", "package inner\n").check(&[]);
    assert!(checked.findings().contains(&FOUND.to_owned()));
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_loop_of_links() {
        let module = module("link_loop").write("bad/bad.go", "package bad\n");
        symlink(".", module.path("bad/loop")).expect("links can be made");
        symlink("b.go", module.path("bad/a.go")).expect("links can be made");
        symlink("a.go", module.path("bad/b.go")).expect("links can be made");
        assert!(module.check(&[]).findings().contains(&FOUND.to_owned()));
    }

    #[test]
    fn a_link_to_nowhere() {
        let module = module("dangling").write("bad/bad.go", "package bad\n");
        symlink("/no/such/file.go", module.path("bad/gone.go")).expect("links can be made");
        assert_told(&module, "gone.go");
    }

    #[test]
    fn a_folder_and_a_file_that_may_not_be_read() {
        let module = module("unreadable")
            .write("locked/locked.go", "package locked\n")
            .write("bad/secret.go", "package bad\n");
        let lock = |path: &str| {
            let mode = PermissionsExt::from_mode(0o000);
            std::fs::set_permissions(module.path(path), mode).expect("modes can be set");
        };
        lock("locked");
        lock("bad/secret.go");
        let allowed_all_the_same = std::fs::read(module.path("bad/secret.go")).is_ok();
        let checked = module.check(&[]);
        assert!(checked.findings().contains(&FOUND.to_owned()));
        // The superuser may read everything; crates/analysis/tests/unreadable.rs holds for everybody.
        if !allowed_all_the_same {
            assert!(checked.complains_about("locked"));
            assert!(checked.complains_about("secret.go"));
        }
    }

    #[test]
    fn a_name_that_is_not_utf8() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let module = module("odd_name").write("bad/bad.go", "package bad\n");
        let odd = module.path("bad").join(OsStr::from_bytes(b"\xff.go"));
        if std::fs::write(odd, LEAK).is_ok() {
            assert!(module.check(&[]).findings().contains(&FOUND.to_owned()));
        }
    }

    #[test]
    fn a_pipe_in_place_of_a_file() {
        let module = module("fifo").write("bad/bad.go", "package bad\n");
        let made = std::process::Command::new("mkfifo").arg(module.path("bad/fifo.go")).status();
        if made.is_ok_and(|status| status.success()) {
            assert!(module.check(&[]).findings().contains(&FOUND.to_owned()));
        }
    }
}
