//! Every way to lay out Go code, and every way to get it wrong, over trees in memory.

mod mistakes;
mod modules;
mod outside;
mod patterns;

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
