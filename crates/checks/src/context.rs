//! What a check gets to see, and the words it needs for places.

use crate::symbol::in_words;
use stanch_base::{Idx, LineIndex};
use stanch_diagnostic::{Action, Frame, Label, Location, Step};
use stanch_effects::{Effect, Effects};
use stanch_ir::{FuncId, Module, Span};
use stanch_obligations::Name;
use stanch_types::{ObjectId, PackageId, PackageSource, Program};

/// One analysed package.
pub struct Ctx<'a> {
    /// All packages.
    pub program: &'a Program<'a>,
    /// The package that is checked.
    pub package: PackageId,
    /// Its functions; in what concerns the explorer those of other packages, too.
    pub module: &'a Module,
    /// What library functions do.
    pub effects: &'a Effects,
    /// What the obligations engine found.
    pub obligations: &'a stanch_obligations::Results,
    /// What the explorer found.
    pub explored: &'a stanch_extract::Explored,
}

impl<'a> Ctx<'a> {
    /// The same with the functions that the explorer saw: those of other packages, too.
    pub fn seen(&self) -> Self {
        Ctx { module: self.explored.module.as_ref().unwrap_or(self.module), ..*self }
    }

    /// What a library function does.
    pub fn effect(&self, function: ObjectId) -> Option<&'a Effect> {
        if function.package == ObjectId::UNIVERSE {
            return None;
        }
        let package = self.program.package_path(function.package);
        self.effects.function(&format!("{package}.{}", self.program.object_name(function)))
    }

    /// The package as its provider gave it.
    pub fn source(&self) -> &'a PackageSource {
        self.program.source(self.package)
    }

    /// Import path of the package.
    pub fn path(&self) -> String {
        self.source().path.to_string()
    }

    /// Display path of the file of `span`.
    pub fn file(&self, span: Span) -> String {
        let path = self.program.file_path(span.package, span.file);
        path.map(|path| path.to_string()).unwrap_or_default()
    }

    /// `span` in a finding's terms.
    pub fn location(&self, span: Span) -> Location {
        Location { file: self.file(span), range: span.range }
    }

    /// Source text of `span`.
    pub fn text(&self, span: Span) -> &'a str {
        self.program
            .source(span.package)
            .files
            .get(span.file)
            .map_or("", |f| span.range.of(&f.text))
    }

    /// Line of the start of `span`, from 1.
    pub fn line(&self, span: Span) -> u32 {
        let text = self.program.source(span.package).files.get(span.file).map_or("", |f| &f.text);
        let before = text.get(..span.range.start as usize).unwrap_or_default();
        LineIndex::new(before).n_lines()
    }

    /// Runtime symbol of a function of the package, or of another that the engine names.
    pub fn symbol(&self, func: FuncId) -> &'a str {
        match self.module.funcs.get(func) {
            Some(func) => &func.symbol,
            None => self.foreign(func).map_or("", |name| &name.symbol),
        }
    }

    /// Where a function is declared: its name.
    pub fn name_span(&self, func: FuncId) -> Option<Span> {
        let own = self.module.funcs.get(func).map(|f| f.name_span);
        own.or_else(|| self.foreign(func).map(|name| name.span))
    }

    /// A function of another package.
    fn foreign(&self, func: FuncId) -> Option<&'a Name> {
        let number = func.index().checked_sub(self.module.funcs.len())?;
        self.obligations.foreign.get(number)
    }

    /// A short name for people, in backticks: `` `(*T).Run` ``, `` `Run.func1` ``.
    pub fn name(&self, func: FuncId) -> String {
        in_words(self.symbol(func))
    }

    /// A secondary label.
    pub fn label(&self, span: Span, message: impl Into<String>) -> Label {
        Label { location: self.location(span), message: message.into() }
    }

    /// A frame of a goroutine's stack.
    pub fn frame(&self, func: FuncId, span: Span) -> Frame {
        Frame { function: self.symbol(func).to_owned(), location: self.location(span) }
    }

    /// A witness step of goroutine 0.
    pub fn step(
        &self,
        func: FuncId,
        span: Span,
        action: Action,
        detail: impl Into<String>,
    ) -> Step {
        Step {
            goroutine: 0,
            function: self.symbol(func).to_owned(),
            location: self.location(span),
            action,
            detail: detail.into(),
        }
    }
}
