//! Gathers what one package tells of its locks.

use super::containers::received;
use super::facts::{FuncLocks, LockFacts, Notes};
use super::light::{light, new_channels};
use super::parents::{parents, written_elsewhere};
use crate::package::Package;
use crate::report::DoubleLock;
use stanch_base::Idx;
use stanch_ir::FuncId;
use stanch_types::ObjectId;
use std::collections::BTreeSet;

impl LockFacts {
    /// Adds the notes of a function.
    pub(crate) fn add(&mut self, package: &Package<'_>, func: FuncId, notes: Notes) {
        self.funcs.resize_with(package.module.funcs.len(), FuncLocks::default);
        if is_test(package, func) {
            return;
        }
        if let Some(known) = self.funcs.get_mut(func.index()) {
            known.events = notes.events;
        }
        self.stored.extend(notes.stored);
        self.seen.extend(notes.seen);
        self.once.extend(notes.once);
    }

    /// Adds what the analysis of paths does not look at: names, and functions without obligations.
    pub(crate) fn complete(&mut self, package: &Package<'_>, doubles: &[DoubleLock]) {
        self.package = Some(package.module.package);
        self.parents = parents(package);
        written_elsewhere(package, &mut self.foreign);
        self.doubles = doubles.iter().map(|d| d.second).collect();
        let written = package.facts.iter().flat_map(|f| &f.writes.globals).copied();
        self.replaced = written.collect::<BTreeSet<ObjectId>>().into_iter().collect();
        self.funcs.resize_with(package.module.funcs.len(), FuncLocks::default);
        for (id, func) in package.module.funcs.iter_enumerated() {
            let Some(known) = self.funcs.get_mut(id.index()) else { continue };
            known.symbol = func.symbol.as_str().into();
            known.object = func.object;
            known.parent = func.parent;
            known.span = Some(func.span);
            if func.has_body && !is_test(package, id) {
                known.received = received(package, id);
                new_channels(package, id, &mut self.channels);
            }
            if func.has_body && known.events.is_empty() && !is_test(package, id) {
                known.events = light(package, id);
            }
        }
    }
}

/// Whether a function stands in a test file, or in one that a program wrote.
fn is_test(package: &Package<'_>, func: FuncId) -> bool {
    let span = package.module.funcs[func].span;
    let file = package.program.source(span.package).files.get(span.file);
    file.is_some_and(|f| f.path.ends_with("_test.go") || is_generated(&f.text))
}

/// Whether a file says before its package clause that it was generated, in the words of `go generate`.
fn is_generated(text: &str) -> bool {
    let lines = text.lines().take_while(|line| !line.starts_with("package "));
    lines.into_iter().any(|line| {
        line.starts_with("// Code generated ") && line.trim_end().ends_with(" DO NOT EDIT.")
    })
}
