//! What each case goes through.

use crate::cases::{Case, Real};
use stanch_analysis::{CheckRequest, Options};
use stanch_base::{Idx, IndexVec};
use stanch_source::{DiskFs, FileSystem, OverlayFs};
use stanch_syntax::{ParseMode, parse_bytes, validate};
use stanch_types::{
    FileId, Import, PackageId, PackageProvider, PackageSource, Program, SourceFile, Target,
};
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// The standard library's declarations, parsed when first asked for, and packages on top of it.
pub(crate) struct Batch<'a> {
    real: &'a Real,
    std: &'a [OnceLock<PackageSource>],
    /// Numbered after those of the standard library.
    sources: Vec<PackageSource>,
}

impl<'a> Batch<'a> {
    /// Parses the cases. Trees must be sound.
    ///
    /// # Panics
    /// If a tree is not: spans do not nest, or cut a character.
    pub(crate) fn new(real: &'a Real, std: &'a [OnceLock<PackageSource>], cases: &[Case]) -> Self {
        let sources = cases.iter().map(|case| source(real, case)).collect();
        Self { real, std, sources }
    }

    /// A program of all packages.
    pub(crate) fn program(&self) -> Program<'_> {
        let n = self.real.workspace.packages.len() + self.sources.len();
        Program::new(n, self, Target { word_size: 8 })
    }

    /// Infers the types of the package of a case, and lowers it.
    pub(crate) fn infer_and_lower(&self, program: &Program<'_>, case: usize) {
        let id = PackageId::from_raw((self.real.workspace.packages.len() + case) as u32);
        program.infer(id);
        std::hint::black_box(stanch_ir::lower_package(program, id));
    }
}

impl PackageProvider for Batch<'_> {
    fn package(&self, id: PackageId) -> PackageSource {
        let own = id.index().checked_sub(self.real.workspace.packages.len());
        match own.and_then(|i| self.sources.get(i)) {
            Some(source) => source.clone(),
            None => self.std[id.index()].get_or_init(|| std_source(self.real, id)).clone(),
        }
    }
}

fn std_source(real: &Real, id: PackageId) -> PackageSource {
    let package = &real.workspace.packages[stanch_project::PackageId::from_raw(id.raw())];
    let mut files = IndexVec::new();
    for file in &package.files {
        let Ok(bytes) = DiskFs.read(&file.path) else { continue };
        let (text, parsed) = parse_bytes(&bytes, ParseMode::Declarations);
        files.push(SourceFile {
            path: file.path.to_string_lossy().into(),
            text: text.into_owned().into(),
            ast: Arc::new(parsed.ast),
            language: file.language,
        });
    }
    let imports = package.imports.iter().map(|(path, import)| {
        let import = match import {
            stanch_project::Import::Package(id) => Import::Package(PackageId::from_raw(id.raw())),
            stanch_project::Import::Unsafe => Import::Unsafe,
            stanch_project::Import::Cgo | stanch_project::Import::Missing => Import::Missing,
        };
        (path.as_str().into(), import)
    });
    PackageSource {
        path: package.path.as_str().into(),
        name: package.name.as_str().into(),
        files,
        imports: imports.collect(),
    }
}

/// The package of a case; what it imports is the standard library's.
fn source(real: &Real, case: &Case) -> PackageSource {
    let mut files: IndexVec<FileId, SourceFile> = IndexVec::new();
    let mut source = PackageSource {
        path: "fuzz".into(),
        name: "".into(),
        files: IndexVec::new(),
        imports: Default::default(),
    };
    for (i, bytes) in case.files.iter().enumerate() {
        let (text, parsed) = parsed(bytes);
        for import in &parsed.ast.imports {
            let path: &str = &import.path;
            let found = match real.std.get(path) {
                _ if path == "unsafe" => Import::Unsafe,
                Some(id) => Import::Package(PackageId::from_raw(id.raw())),
                None => Import::Missing,
            };
            source.imports.insert(path.into(), found);
        }
        if let Some(name) = parsed.ast.package {
            source.name = parsed.ast.name(name).into();
        }
        files.push(SourceFile {
            path: format!("{i}.go").into(),
            text: text.into(),
            ast: Arc::new(parsed.ast),
            language: (1, 26),
        });
    }
    source.files = files;
    source
}

/// Parses in every mode, and looks at the trees.
fn parsed(bytes: &[u8]) -> (String, stanch_syntax::Parsed) {
    for mode in [ParseMode::ImportsOnly, ParseMode::Declarations] {
        let (text, parsed) = parse_bytes(bytes, mode);
        sound(&parsed, &text);
    }
    let (text, parsed) = parse_bytes(bytes, ParseMode::Full);
    sound(&parsed, &text);
    (text.into_owned(), parsed)
}

fn sound(parsed: &stanch_syntax::Parsed, text: &str) {
    if let Err(problem) = validate(&parsed.ast, text) {
        panic!("unsound tree: {problem}");
    }
}

/// The whole analysis of a module with the cases as its packages.
pub(crate) fn analyse(real: &Real, cases: &[Case]) {
    let mut fs = OverlayFs::new(&DiskFs);
    fs.set("/fuzzed/go.mod", "module example.com/fuzzed\n\ngo 1.26\n");
    for (n, case) in cases.iter().enumerate() {
        for (i, bytes) in case.files.iter().enumerate() {
            fs.set(format!("/fuzzed/p{n}/f{i}.go"), bytes.as_slice());
        }
    }
    let request = CheckRequest {
        patterns: vec!["./...".to_owned()],
        cwd: Path::new("/fuzzed").to_path_buf(),
        options: Options::default(),
    };
    std::hint::black_box(stanch_analysis::check(&fs, &real.env, &request, &|_| {}));
}
