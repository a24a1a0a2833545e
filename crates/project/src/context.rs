//! The build context: which files of a folder belong to the build.

use stanch_base::FxHashSet;
use stanch_syntax::{Directives, ParseMode, Parsed, parse};

/// Operating systems that file names and constraints know (`go/build`'s list).
const KNOWN_OS: [&str; 18] = [
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "js",
    "linux",
    "nacl",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "wasip1",
    "windows",
    "zos",
];

/// Architectures that file names and constraints know.
const KNOWN_ARCH: [&str; 24] = [
    "386",
    "amd64",
    "amd64p32",
    "arm",
    "armbe",
    "arm64",
    "arm64be",
    "loong64",
    "mips",
    "mipsle",
    "mips64",
    "mips64le",
    "mips64p32",
    "mips64p32le",
    "ppc",
    "ppc64",
    "ppc64le",
    "riscv",
    "riscv64",
    "s390",
    "s390x",
    "sparc",
    "sparc64",
    "wasm",
];

/// Operating systems for which `unix` holds.
const UNIX: [&str; 12] = [
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "linux",
    "netbsd",
    "openbsd",
    "solaris",
];

/// What build constraints are evaluated against.
#[derive(Clone, Debug)]
pub struct BuildContext {
    /// Target operating system.
    pub goos: String,
    /// Target architecture.
    pub goarch: String,
    /// Whether files that import "C" are built.
    pub cgo: bool,
    /// `-tags`, experiments, and architecture features.
    pub tags: FxHashSet<String>,
    /// Minor version of the release: `go1.1` to `go1.N` hold.
    pub release: u32,
}

impl BuildContext {
    /// Whether a tag holds.
    pub fn has(&self, tag: &str) -> bool {
        if tag == self.goos || tag == self.goarch || tag == "gc" {
            return true;
        }
        match tag {
            "linux" if self.goos == "android" => return true,
            "darwin" if self.goos == "ios" => return true,
            "solaris" if self.goos == "illumos" => return true,
            "unix" => return UNIX.contains(&self.goos.as_str()),
            "cgo" => return self.cgo,
            // Its name before it became an experiment.
            "boringcrypto" => return self.tags.contains("goexperiment.boringcrypto"),
            _ => {}
        }
        if let Some(minor) = tag.strip_prefix("go1.").and_then(|m| m.parse::<u32>().ok()) {
            return minor >= 1 && minor <= self.release;
        }
        self.tags.contains(tag)
    }

    /// Whether the constraints in a file's name hold (`_GOOS`, `_GOARCH`, `_GOOS_GOARCH`, before
    /// `_test`).
    pub fn name_matches(&self, file: &str) -> bool {
        let stem = file.split('.').next().unwrap_or_default();
        // The first word is never a constraint: `linux.go` is always built.
        let Some(first) = stem.find('_') else { return true };
        let mut words: Vec<&str> = stem[first + 1..].split('_').collect();
        if words.last() == Some(&"test") {
            words.pop();
        }
        let n = words.len();
        if n >= 2 && KNOWN_OS.contains(&words[n - 2]) && KNOWN_ARCH.contains(&words[n - 1]) {
            return self.has(words[n - 2]) && self.has(words[n - 1]);
        }
        match words.last() {
            Some(word) if KNOWN_OS.contains(word) || KNOWN_ARCH.contains(word) => self.has(word),
            _ => true,
        }
    }
}

/// What the head of a file says.
#[derive(Clone, Debug)]
pub struct Header {
    /// Name of the package clause, if there is one.
    pub package: Option<String>,
    /// Imported paths in source order.
    pub imports: Vec<String>,
    /// Build constraint and directives.
    pub directives: Directives,
}

/// Reads the head of a file: package clause, imports, constraints.
pub fn header(text: &str) -> Header {
    described(parse(text, ParseMode::ImportsOnly))
}

/// The same from the beginning of a longer text; `None` if the head goes on where the text ends.
pub(crate) fn header_of_start(text: &str) -> Option<Header> {
    let parsed = parse(text, ParseMode::ImportsOnly);
    // What follows the imports begins with a token that is whole if there is a byte after it.
    (parsed.n_scanned < text.len()).then(|| described(parsed))
}

fn described(parsed: Parsed) -> Header {
    let package = parsed.ast.package.map(|id| parsed.ast.name(id).to_owned());
    let imports = parsed.ast.imports.iter().map(|i| i.path.to_string()).collect();
    Header { package, imports, directives: parsed.directives }
}

/// Why a file is not built.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ignored {
    /// Its name or constraint.
    Constraint,
    /// It imports "C" and cgo is off.
    Cgo,
}

impl BuildContext {
    /// Whether a file with this header is built.
    pub fn header_matches(&self, header: &Header) -> Result<(), Ignored> {
        if let Some(build) = &header.directives.build
            && !build.expr.eval(&|tag| self.has(tag))
        {
            return Err(Ignored::Constraint);
        }
        if !self.cgo && header.imports.iter().any(|i| i == "C") {
            return Err(Ignored::Cgo);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linux() -> BuildContext {
        BuildContext {
            goos: "linux".to_owned(),
            goarch: "amd64".to_owned(),
            cgo: false,
            tags: FxHashSet::default(),
            release: 26,
        }
    }

    #[test]
    fn file_names() {
        let context = linux();
        let built = [
            "a.go",
            "linux.go",
            "windows.go",
            "a_linux.go",
            "a_linux_amd64.go",
            "a_amd64_test.go",
            "a_b.go",
            "a_test.go",
        ];
        let not = [
            "a_windows.go",
            "a_linux_arm64.go",
            "a_arm64.go",
            "x_plan9_test.go",
            "zsys_darwin_amd64.go",
        ];
        assert!(built.iter().all(|f| context.name_matches(f)));
        assert!(!not.iter().any(|f| context.name_matches(f)));
    }

    #[test]
    fn constraints() {
        let context = linux();
        let head = |text: &str| context.header_matches(&header(text));
        assert_eq!(head("//go:build unix && !cgo && go1.26\n\npackage p\n"), Ok(()));
        assert_eq!(head("//go:build go1.27\n\npackage p\n"), Err(Ignored::Constraint));
        assert_eq!(head("package p\nimport \"C\"\n"), Err(Ignored::Cgo));
        assert_eq!(head("// +build windows\n\npackage p\n"), Err(Ignored::Constraint));
    }
}
