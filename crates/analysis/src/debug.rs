//! What `stanch debug` prints: for developers of the tool.

use crate::pipeline::{Loaded, project_id, types_id};
use crate::report::Options;
use crate::schedule;
use serde_json::{Map, Value};
use stanch_base::FxHashMap;
use stanch_checks::lowered;
use stanch_effects::Effects;
use stanch_project::{Config, Listed, Module};
use stanch_source::{Environment, FileSystem};
use stanch_syntax::ParseMode;
use std::fmt::Write;
use std::path::Path;

/// Which layer to show.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DebugKind {
    /// Tokens of files.
    Tokens,
    /// Syntax trees of files.
    Ast,
    /// Types of packages, in the format that is compared with go/types.
    Types,
    /// Control-flow graphs of packages.
    Ir,
    /// Models of the explored roots of packages.
    Model,
    /// What the explorer does in packages: an exploration a line.
    Roots,
    /// Packages and what they import, as `go list -deps -test -json` describes them: an object a line.
    Packages,
}

/// The text form of a layer for files (`Tokens`, `Ast`) or packages.
///
/// # Errors
/// If nothing matches.
pub fn debug_dump(
    fs: &dyn FileSystem,
    env: &Environment,
    kind: DebugKind,
    patterns: &[String],
    cwd: &Path,
) -> Result<String, String> {
    if kind == DebugKind::Packages {
        return packages(fs, env, patterns, cwd);
    }
    let loaded = Loaded::new(fs, env, &Options::default(), cwd, patterns);
    let mut out = String::new();
    if matches!(kind, DebugKind::Tokens | DebugKind::Ast) {
        let packages = loaded.workspace.roots.iter().map(|&r| &loaded.workspace.packages[r]);
        for file in packages.flat_map(|p| &p.files) {
            let bytes = fs.read(&file.path).map_err(|e| format!("{}: {e}", file.path.display()))?;
            let _ = writeln!(out, "// {}", file.path.display());
            syntax(kind, &bytes, &mut out);
        }
    } else {
        let program = loaded.program();
        let effects = Effects::embedded().map_err(|e| e.to_string())?;
        let mut shared = FxHashMap::default();
        let imports = schedule::imports(&loaded.workspace.packages);
        let mut returns = FxHashMap::default();
        let mut lower = |package| {
            let known = |function| returns.get(&function).cloned();
            let (module, own) = lowered::lower(&program, package, &effects, &known);
            returns.extend(own);
            module
        };
        // Packages are numbered imports first.
        let mut roots = loaded.workspace.roots.clone();
        if kind == DebugKind::Roots {
            roots.sort_unstable();
        }
        for root in roots {
            let package = types_id(root);
            match kind {
                DebugKind::Types => out.push_str(&stanch_types::debug_types(&program, package)),
                DebugKind::Ir => {
                    let module = lower(package);
                    out.push_str(&module.display(&program));
                }
                DebugKind::Model => {
                    let module = lower(package);
                    let text = stanch_extract::display_models(&program, package, &module, &effects);
                    out.push_str(&text);
                }
                DebugKind::Roots => {
                    let module = lower(package);
                    let below = schedule::below(&imports, root);
                    let seen = |id| shared.get(&id).filter(|_| below.contains(&project_id(id)));
                    let (text, own) =
                        stanch_extract::display_roots(&program, package, &module, &effects, &seen);
                    out.push_str(&text);
                    shared.insert(package, own);
                }
                DebugKind::Tokens | DebugKind::Ast | DebugKind::Packages => {}
            }
        }
    }
    match (loaded.workspace.roots.is_empty(), loaded.workspace.messages.first()) {
        (false, _) => Ok(out),
        (true, Some(message)) => Err(message.text.clone()),
        (true, None) => Err("no Go files match the patterns".to_owned()),
    }
}

fn packages(
    fs: &dyn FileSystem,
    env: &Environment,
    patterns: &[String],
    cwd: &Path,
) -> Result<String, String> {
    let config = Config::new(fs, env, &[], None, None);
    let listing = stanch_project::list(fs, &config, cwd, patterns);
    match (listing.packages.is_empty(), listing.messages.first()) {
        (false, _) => {
            Ok(listing.packages.iter().map(|listed| format!("{}\n", described(listed))).collect())
        }
        (true, Some(message)) => Err(message.text.clone()),
        (true, None) => Err("no Go files match the patterns".to_owned()),
    }
}

/// A package in the go command's words; empty lists are left out, as there.
fn described(listed: &Listed) -> Value {
    let mut object = Map::new();
    object.insert("ImportPath".to_owned(), listed.import_path.as_str().into());
    object.insert("Dir".to_owned(), listed.dir.to_string_lossy().into());
    if let Some(module) = &listed.module {
        object.insert("Module".to_owned(), described_module(module));
    }
    for (name, list) in [
        ("GoFiles", &listed.go_files),
        ("CgoFiles", &listed.cgo_files),
        ("IgnoredGoFiles", &listed.ignored_go_files),
        ("TestGoFiles", &listed.test_go_files),
        ("XTestGoFiles", &listed.xtest_go_files),
        ("Imports", &listed.imports),
    ] {
        if !list.is_empty() {
            object.insert(name.to_owned(), list.as_slice().into());
        }
    }
    object.into()
}

fn described_module(module: &Module) -> Value {
    let mut object = Map::new();
    object.insert("Path".to_owned(), module.path.as_str().into());
    match &module.version {
        Some(version) => object.insert("Version".to_owned(), version.as_str().into()),
        None => object.insert("Main".to_owned(), true.into()),
    };
    if let Some(new) = &module.replace {
        let mut replace = Map::new();
        replace.insert("Path".to_owned(), new.path.as_str().into());
        if !new.version.is_empty() {
            replace.insert("Version".to_owned(), new.version.as_str().into());
        }
        object.insert("Replace".to_owned(), replace.into());
    }
    object.insert("GoVersion".to_owned(), format!("{}.{}", module.go.0, module.go.1).into());
    object.into()
}

fn syntax(kind: DebugKind, bytes: &[u8], out: &mut String) {
    let (text, parsed) = stanch_syntax::parse_bytes(bytes, ParseMode::Full);
    if kind == DebugKind::Ast {
        out.push_str(&stanch_syntax::dump(&parsed.ast, &text));
        return;
    }
    for token in stanch_syntax::tokens(&text) {
        let automatic = if token.automatic { " (automatic)" } else { "" };
        let source = token.range.of(&text);
        let _ = writeln!(out, "{:?}\t{:?}\t{source:?}{automatic}", token.range, token.kind);
    }
}
