//! What the checks of a whole module are given.

use stanch_base::LineIndex;
use stanch_diagnostic::{Label, Location};
use stanch_ir::Span;
use stanch_lifetime::Results;
use stanch_types::{ObjectId, PackageId, Program, TypeId};

/// An analysed module.
pub struct ModuleCtx<'a> {
    /// All packages.
    pub program: &'a Program<'a>,
    /// What the lifetime engine found.
    pub lifetime: &'a Results,
    /// What the module does with its locks.
    pub locks: &'a stanch_obligations::LockResults,
    /// What may have to be closed, of all packages.
    pub duties: &'a [crate::missing_close::Duties],
    /// Fields of owners that hold what has to be closed or stopped, of all packages.
    pub owners: &'a [crate::stop_forgets_resource::Owners],
    /// Goroutines that may be one for the process, of all packages.
    pub daemons: &'a [crate::stuck_worker::Daemon],
}

impl ModuleCtx<'_> {
    /// Display path of the file of `span`.
    pub(crate) fn file(&self, span: Span) -> String {
        let file = self.program.source(span.package).files.get(span.file);
        file.map(|f| f.path.to_string()).unwrap_or_default()
    }

    /// `span` in a finding's terms.
    pub(crate) fn location(&self, span: Span) -> Location {
        Location { file: self.file(span), range: span.range }
    }

    /// Import path of the package of `span`.
    pub(crate) fn package_of(&self, span: Span) -> String {
        self.program.source(span.package).path.to_string()
    }

    /// A secondary label.
    pub(crate) fn label(&self, span: Span, message: impl Into<String>) -> Label {
        Label { location: self.location(span), message: message.into() }
    }

    /// Where a variable, field or function is declared.
    pub(crate) fn declared(&self, object: ObjectId) -> Option<Span> {
        let (file, range) = self.program.object(object).place?;
        Some(Span { package: object.package, file, range })
    }

    /// Line of the start of `span`, from 1.
    pub(crate) fn line(&self, span: Span) -> u32 {
        let text = self.program.source(span.package).files.get(span.file).map_or("", |f| &f.text);
        LineIndex::new(text.get(..span.range.start as usize).unwrap_or_default()).n_lines()
    }

    /// A type as its own package writes it: package names for paths.
    pub(crate) fn ty(&self, ty: TypeId, package: PackageId) -> String {
        let own = self.program.package_path(package);
        shorten(&self.program.type_string(ty), own)
    }
}

/// Import paths cut to their last element; none for the package itself.
fn shorten(text: &str, own: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for c in text.chars().chain([' ']) {
        if c.is_alphanumeric() || matches!(c, '.' | '/' | '_' | '-' | '~') {
            word.push(c);
            continue;
        }
        let short = match word.strip_prefix(own).and_then(|rest| rest.strip_prefix('.')) {
            Some(rest) => rest,
            None => word.rsplit('/').next().unwrap_or_default(),
        };
        out.push_str(short);
        word.clear();
        out.push(c);
    }
    out.pop();
    out
}
