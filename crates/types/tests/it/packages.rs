//! Packages in memory.

use stanch_base::{FxHashMap, Idx, IndexVec};
use stanch_syntax::ParseMode;
use stanch_types::{FileId, Import, PackageId, PackageProvider, PackageSource, SourceFile};
use std::sync::Arc;

pub(crate) struct Packages {
    packages: IndexVec<PackageId, PackageSource>,
}

impl PackageProvider for Packages {
    fn package(&self, id: PackageId) -> PackageSource {
        self.packages[id].clone()
    }
}

impl Packages {
    /// Splits the code at `//- /path/file.go` lines; without one it is `p/p.go`.
    pub(crate) fn parse(code: &str) -> Self {
        let mut packages: IndexVec<PackageId, PackageSource> = IndexVec::new();
        let code =
            if code.contains("//- /") { code.into() } else { format!("//- /p/p.go\n{code}") };
        for part in code.split("//- /").skip(1) {
            let (path, text) = part.split_once('\n').expect("code after its path");
            let (file, name) = source(path.trim(), text);
            let folder = path.rsplit_once('/').map_or("p", |(folder, _)| folder);
            let external = name.ends_with("_test");
            let tested = packages.iter().any(|p| &*p.path == folder);
            let variant = match (path.trim().ends_with("_test.go"), external, tested) {
                (true, true, _) => format!("{folder}_test"),
                (true, false, true) => format!("{folder} [{folder}.test]"),
                _ => folder.to_owned(),
            };
            if let Some(known) = packages.iter_mut().find(|p| *p.path == *variant) {
                known.imports.extend(imports(&file, &[]));
                known.files.push(file);
                continue;
            }
            // A test variant has the package's own files too.
            let mut files: IndexVec<FileId, SourceFile> = IndexVec::new();
            let paths: Vec<String> = packages.iter().map(|p| p.path.to_string()).collect();
            let mut all = imports(&file, &paths);
            if variant.contains(" [")
                && let Some(plain) = packages.iter().find(|p| &*p.path == folder)
            {
                files = plain.files.iter().cloned().collect();
                all.extend(plain.imports.iter().map(|(path, import)| (path.clone(), *import)));
            }
            files.push(file);
            packages.push(PackageSource {
                path: variant.into(),
                name: name.into(),
                files,
                imports: all,
            });
        }
        Self { packages }
    }

    pub(crate) fn len(&self) -> usize {
        self.packages.len()
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = PackageId> {
        (0..self.packages.len()).map(PackageId::from_usize)
    }

    /// The text at `file:start:end`.
    pub(crate) fn code(&self, span: &str) -> Option<String> {
        let mut parts = span.rsplitn(3, ':');
        let (end, start, file) = (parts.next()?, parts.next()?, parts.next()?);
        let mut files = self.packages.iter().flat_map(|p| p.files.iter());
        let text = &files.find(|f| &*f.path == file)?.text;
        text.get(start.parse().ok()?..end.parse().ok()?).map(str::to_owned)
    }
}

fn source(path: &str, text: &str) -> (SourceFile, String) {
    let (text, parsed) = stanch_syntax::parse_bytes(text.as_bytes(), ParseMode::Full);
    assert!(parsed.errors.is_empty(), "{path}: {:?}", parsed.errors);
    let name = parsed.ast.package.map_or("p", |ident| parsed.ast.name(ident)).to_owned();
    let file = SourceFile {
        path: path.into(),
        text: text.into_owned().into(),
        ast: Arc::new(parsed.ast),
        language: (1, 26),
    };
    (file, name)
}

/// The file's imports among the packages so far, of which the last variant counts.
fn imports(file: &SourceFile, paths: &[String]) -> FxHashMap<Box<str>, Import> {
    let resolve = |path: &str| {
        let of = |p: &String| p.split(" [").next() == Some(path);
        let external = file.ast.package.is_some_and(|n| file.ast.name(n).ends_with("_test"));
        let at = match external {
            true => paths.iter().rposition(of),
            false => paths.iter().position(of),
        };
        match at {
            Some(at) => Import::Package(PackageId::from_usize(at)),
            None if path == "unsafe" => Import::Unsafe,
            None => Import::Missing,
        }
    };
    file.ast.imports.iter().map(|i| (i.path.clone(), resolve(&i.path))).collect()
}
