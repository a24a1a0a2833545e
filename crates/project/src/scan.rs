//! The Go files of a folder and the packages that they form.

use crate::context::{Header, Ignored, header, header_of_start};
use crate::{Config, Message};
use stanch_source::{EntryKind, FileSystem, ReadError};
use std::path::{Path, PathBuf};

/// The Go files of a folder by what they belong to.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    /// Name of the package; empty if no file says.
    pub(crate) name: String,
    /// Files of the package.
    pub(crate) plain: Vec<Scanned>,
    /// Test files of the package.
    pub(crate) test: Vec<Scanned>,
    /// Files of the external test package.
    pub(crate) external: Vec<Scanned>,
    /// Names of files that are not built.
    pub(crate) ignored: Vec<String>,
    /// How many of those import "C".
    pub(crate) n_cgo: usize,
    /// Whether test files were looked at.
    pub(crate) tests: bool,
    /// What the user should know.
    pub(crate) messages: Vec<Message>,
}

/// A file that is built.
#[derive(Debug)]
pub(crate) struct Scanned {
    pub(crate) path: PathBuf,
    /// Name of the package clause, if there is one.
    pub(crate) package: Option<String>,
    pub(crate) imports: Vec<String>,
    /// Minor version of the `//go:build` line.
    pub(crate) go: Option<u32>,
    pub(crate) test: bool,
}

impl Folder {
    /// Whether no file is built.
    pub(crate) fn is_empty(&self) -> bool {
        self.plain.is_empty() && self.test.is_empty() && self.external.is_empty()
    }

    /// The packages of a folder. Only what is analysed needs its `tests`.
    pub(crate) fn read(fs: &dyn FileSystem, config: &Config, dir: &Path, tests: bool) -> Self {
        let mut folder = Self { tests, ..Self::default() };
        let entries = match fs.list(dir) {
            Ok(entries) => entries,
            Err(error) => {
                folder.messages.push(Message::warning_at(dir, format!("cannot be read: {error}")));
                return folder;
            }
        };
        for entry in entries {
            let name = entry.name;
            if !name.ends_with(".go") || name.starts_with(['_', '.']) {
                continue;
            }
            if !tests && name.ends_with("_test.go") {
                continue;
            }
            match entry.kind {
                EntryKind::File => {}
                EntryKind::Dir | EntryKind::DirLink => continue,
                EntryKind::Other => {
                    let text = "is neither a file nor a link to one; skipped".to_owned();
                    folder.messages.push(Message::warning_at(&dir.join(name), text));
                    continue;
                }
            }
            if !config.build.name_matches(&name) {
                folder.ignored.push(name);
                continue;
            }
            let path = dir.join(&name);
            let Some(header) = folder.header(fs, &path) else { continue };
            match config.build.header_matches(&header) {
                Ok(()) => folder.place(path, header),
                Err(why) => {
                    folder.n_cgo += usize::from(why == Ignored::Cgo);
                    folder.ignored.push(name);
                }
            }
        }
        folder.agree(dir);
        folder
    }

    /// The package of these files of one folder. Constraints do not count: the files were asked for.
    pub(crate) fn of_files(fs: &dyn FileSystem, dir: &Path, files: &[PathBuf]) -> Self {
        let mut folder = Self::default();
        for path in files {
            if let Some(header) = folder.header(fs, path) {
                folder.place(path.clone(), header);
            }
        }
        folder.messages.iter_mut().for_each(|message| message.error = true);
        folder.agree(dir);
        folder
    }

    fn header(&mut self, fs: &dyn FileSystem, path: &Path) -> Option<Header> {
        match read_header(fs, path) {
            Ok(header) => {
                if let Some((_, reason)) = &header.directives.build_error {
                    let text = format!("build constraint: {reason}; it is taken to hold");
                    self.messages.push(Message::warning_at(path, text));
                }
                Some(header)
            }
            Err(error) => {
                let text = format!("cannot be read: {error}; skipped");
                self.messages.push(Message::warning_at(path, text));
                None
            }
        }
    }

    fn place(&mut self, path: PathBuf, header: Header) {
        let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        // A file that documents a package only is never built.
        if header.package.as_deref() == Some("documentation") {
            self.ignored.push(name);
            return;
        }
        let test = name.ends_with("_test.go");
        let external = header.package.as_ref().is_some_and(|p| p.ends_with("_test"));
        let list = match (test, external) {
            (false, _) => &mut self.plain,
            (true, false) => &mut self.test,
            (true, true) => &mut self.external,
        };
        let build = header.directives.build.as_ref().filter(|b| !b.legacy);
        let go = build.and_then(|b| b.expr.go_version());
        list.push(Scanned { path, package: header.package, imports: header.imports, go, test });
    }

    /// Settles on one package name; files of others do not belong to the package.
    fn agree(&mut self, dir: &Path) {
        let named = if self.plain.is_empty() { &self.test } else { &self.plain };
        self.name = match most_named(named) {
            Some(name) => name,
            None => {
                let name = most_named(&self.external).unwrap_or_default();
                name.strip_suffix("_test").unwrap_or(&name).to_owned()
            }
        };
        let name = self.name.as_str();
        let external = format!("{name}_test");
        let mut others: Vec<String> = Vec::new();
        let mut keep = |files: &mut Vec<Scanned>, name: &str| {
            files.retain(|file| {
                let Some(other) = file.package.as_ref().filter(|p| *p != name) else { return true };
                if !others.contains(other) {
                    others.push(other.clone());
                }
                false
            });
        };
        keep(&mut self.plain, name);
        keep(&mut self.test, name);
        keep(&mut self.external, &external);
        if !others.is_empty() {
            let others = others.join("`, `");
            let text = format!(
                "holds files of packages `{name}` and `{others}`; only `{name}` is analysed"
            );
            self.messages.push(Message::warning_at(dir, text));
        }
    }
}

/// Heads of files are rarely longer.
const HEAD_BYTES: usize = 4096;

fn read_header(fs: &dyn FileSystem, path: &Path) -> Result<Header, ReadError> {
    let bytes = fs.read_start(path, HEAD_BYTES)?;
    if bytes.len() >= HEAD_BYTES {
        // The start may end inside of a character, which then is not part of the head.
        if let Some(header) = header_of_start(&stanch_syntax::decode(&bytes).0) {
            return Ok(header);
        }
        return Ok(header(&stanch_syntax::decode(&fs.read(path)?).0));
    }
    Ok(header(&stanch_syntax::decode(&bytes).0))
}

/// The name most files agree on, the first of equals.
fn most_named(files: &[Scanned]) -> Option<String> {
    let mut names: Vec<(&String, usize)> = Vec::new();
    for name in files.iter().filter_map(|f| f.package.as_ref()) {
        match names.iter_mut().find(|(n, _)| *n == name) {
            Some((_, count)) => *count += 1,
            None => names.push((name, 1)),
        }
    }
    let most = names.iter().map(|n| n.1).max()?;
    names.iter().find(|n| n.1 == most).map(|n| n.0.clone())
}
