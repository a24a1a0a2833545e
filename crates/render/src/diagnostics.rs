//! What the user should know about the run itself, a line each.

use std::io;

use stanch_base::TextRange;
use stanch_diagnostic::{Diagnostic, Location, Severity};

use crate::files::Files;
use crate::style::{one_line, severity_style};
use crate::{Document, Look};

/// Lines shown for one severity before the rest is counted only.
const SHOWN: usize = 20;
/// Places named for one message.
const PLACES: usize = 3;

pub(crate) fn write(
    out: &mut dyn io::Write,
    document: &Document<'_>,
    look: Look,
) -> io::Result<()> {
    let mut files = Files::new(document.sources);
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let groups = groups(document.diagnostics, severity);
        let style = look.paint(severity_style(severity));
        let word = severity.as_str();
        for (message, places) in groups.iter().take(SHOWN) {
            let message = one_line(message);
            write!(out, "{style}{word}{style:#}: {message}")?;
            let named: Vec<String> =
                places.iter().take(PLACES).map(|at| place(at, &mut files)).collect();
            if !named.is_empty() {
                write!(out, " ({}", named.join(", "))?;
                match places.len() - named.len() {
                    0 => write!(out, ")")?,
                    more => write!(out, " and {more} more places)")?,
                }
            }
            writeln!(out)?;
        }
        if let Some(more) = groups.len().checked_sub(SHOWN).filter(|&more| more > 0) {
            let plural = if more == 1 { "" } else { "s" };
            writeln!(
                out,
                "{style}{word}{style:#}: {more} more {word}{plural} of this kind \
                 (`--output-format json` lists all)"
            )?;
        }
    }
    Ok(())
}

/// The messages of one severity in the order in which they first occur, each with its places.
fn groups(diagnostics: &[Diagnostic], severity: Severity) -> Vec<(&str, Vec<&Location>)> {
    let mut groups: Vec<(&str, Vec<&Location>)> = Vec::new();
    let mut numbers = std::collections::BTreeMap::new();
    for diagnostic in diagnostics.iter().filter(|d| d.severity == severity) {
        let number = *numbers.entry(diagnostic.message.as_str()).or_insert(groups.len());
        if number == groups.len() {
            groups.push((&diagnostic.message, Vec::new()));
        }
        if let (Some((_, places)), Some(at)) = (groups.get_mut(number), &diagnostic.location) {
            places.push(at);
        }
    }
    groups
}

fn place(location: &Location, files: &mut Files<'_>) -> String {
    let file = one_line(&location.file);
    if location.range == TextRange::empty(0) {
        return file;
    }
    let at = files.start(location);
    format!("{file}:{}:{}", at.line, at.column)
}
