//! Splits a fixture into files and makes them whole.

/// A fixture's files, in the order given.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// The files.
    pub files: Vec<FixtureFile>,
}

/// One file.
#[derive(Clone, Debug)]
pub struct FixtureFile {
    /// Import path of its package: the directory.
    pub package: String,
    /// Display path: `a/a.go`.
    pub path: String,
    /// Its text, with package clause and imports.
    pub text: String,
}

/// Standard packages a fixture can name without importing them, by the name it uses.
const IMPLICIT: &[(&str, &str)] = &[
    ("atomic.", "sync/atomic"),
    ("bytes.", "bytes"),
    ("context.", "context"),
    ("errors.", "errors"),
    ("fmt.", "fmt"),
    ("gzip.", "compress/gzip"),
    ("heap.", "container/heap"),
    ("http.", "net/http"),
    ("net.", "net"),
    ("io.", "io"),
    ("iter.", "iter"),
    ("log.", "log"),
    ("os.", "os"),
    ("runtime.", "runtime"),
    ("exec.", "os/exec"),
    ("signal.", "os/signal"),
    ("sort.", "sort"),
    ("sql.", "database/sql"),
    ("sync.", "sync"),
    ("testing.", "testing"),
    ("time.", "time"),
];

impl Fixture {
    /// Splits `text` at its `//- /path` lines.
    pub fn parse(text: &str) -> Self {
        let mut files: Vec<FixtureFile> = Vec::new();
        for line in text.split_inclusive('\n') {
            if let Some(path) = line.strip_prefix("//- /") {
                let path = path.trim().to_owned();
                let package = path.rsplit_once('/').map_or("", |(dir, _)| dir).to_owned();
                files.push(FixtureFile { package, path, text: String::new() });
            } else if let Some(file) = files.last_mut() {
                file.text.push_str(line);
            } else if !line.trim().is_empty() {
                let package = "a".to_owned();
                files.push(FixtureFile { package, path: "a/a.go".to_owned(), text: "\n".into() });
                if let Some(file) = files.last_mut() {
                    file.text.push_str(line);
                }
            }
        }
        for file in &mut files {
            complete(file);
        }
        Self { files }
    }
}

/// Puts a package clause and imports on the first line, unless the file has its own.
fn complete(file: &mut FixtureFile) {
    if file.text.lines().any(|line| line.starts_with("package ")) {
        return;
    }
    let name = file.package.rsplit('/').next().unwrap_or("a");
    let mut head = format!("package {name}");
    for (selector, path) in IMPLICIT {
        if mentions(&file.text, selector) {
            head.push_str(&format!("; import \"{path}\""));
        }
    }
    // The text starts with the newline after the raw string's quote or header: lines keep their
    // numbers.
    let text = std::mem::take(&mut file.text);
    let text = text.strip_prefix('\n').unwrap_or(&text);
    file.text = format!("{head}\n{text}");
}

/// Whether `selector` (`sync.`) occurs with no identifier character or dot before it.
fn mentions(text: &str, selector: &str) -> bool {
    text.match_indices(selector).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        before.is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '/' | '"')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_gets_clause_and_imports() {
        let fixture = Fixture::parse("\nfunc f(mu *sync.Mutex) {}\n");
        assert_eq!(fixture.files.len(), 1);
        assert_eq!(
            fixture.files[0].text,
            "package a; import \"sync\"\nfunc f(mu *sync.Mutex) {}\n"
        );
    }

    #[test]
    fn headers_split_files() {
        let fixture = Fixture::parse("//- /a/a.go\npackage a\n//- /b/x.go\npackage b\n");
        let names: Vec<_> = fixture.files.iter().map(|f| (&*f.package, &*f.path)).collect();
        assert_eq!(names, [("a", "a/a.go"), ("b", "b/x.go")]);
        assert_eq!(fixture.files[1].text, "package b\n");
    }
}
