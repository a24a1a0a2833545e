//! What `stanch debug` prints: for developers of the tool.

use crate::pipeline::{Loaded, types_id};
use crate::report::Options;
use stanch_effects::Effects;
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
        for &root in &loaded.workspace.roots {
            let package = types_id(root);
            match kind {
                DebugKind::Types => out.push_str(&stanch_types::debug_types(&program, package)),
                DebugKind::Ir => {
                    let module = stanch_ir::lower_package(&program, package);
                    out.push_str(&module.display(&program));
                }
                DebugKind::Model => {
                    let module = stanch_ir::lower_package(&program, package);
                    let text = stanch_extract::display_models(&program, package, &module, &effects);
                    out.push_str(&text);
                }
                DebugKind::Tokens | DebugKind::Ast => {}
            }
        }
    }
    match (loaded.workspace.roots.is_empty(), loaded.workspace.messages.first()) {
        (false, _) => Ok(out),
        (true, Some(message)) => Err(message.text.clone()),
        (true, None) => Err("no Go files match the patterns".to_owned()),
    }
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
