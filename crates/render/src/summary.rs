//! The line that ends a report.

use std::io;

use annotate_snippets::renderer::{AnsiColor, Effects, Style};
use stanch_diagnostic::Severity;

use crate::style::severity_style;
use crate::{Document, Look};

pub(crate) fn write(
    out: &mut dyn io::Write,
    document: &Document<'_>,
    look: Look,
) -> io::Result<()> {
    let summary = document.summary;
    let (style, headline) = match document.findings {
        [] => (
            AnsiColor::BrightGreen.on_default().effects(Effects::BOLD),
            "no leaks found".to_owned(),
        ),
        findings => {
            let worst = findings.iter().map(|f| f.severity).min().unwrap_or(Severity::Error);
            (severity_style(worst), count(findings.len() as u64, "finding"))
        }
    };
    let style: Style = look.paint(style);
    writeln!(
        out,
        "{style}{headline}{style:#} in {} ({}, {}) in {}",
        count(summary.packages, "package"),
        count(summary.files, "file"),
        count(summary.lines, "line"),
        seconds(summary.milliseconds),
    )?;
    if summary.suppressed > 0 {
        let findings = count(summary.suppressed, "finding");
        writeln!(out, "{findings} silenced by `//stanch:ignore` comments")?;
    }
    if summary.inconclusive > 0 {
        let functions = count(summary.inconclusive, "function");
        let of = grouped(summary.roots.max(summary.inconclusive));
        writeln!(out, "{functions} of {of} too large to be explored to the end")?;
    }
    if summary.blurred > 0 {
        let functions = count(summary.blurred, "function");
        let of = grouped(summary.roots.max(summary.blurred));
        writeln!(out, "{functions} of {of} too large to be explored with all detail")?;
    }
    if summary.left_out > 0 {
        let objects = count(summary.left_out, "object");
        writeln!(out, "{objects} with too much around them to be explored")?;
    }
    if summary.not_followed > 0 {
        let functions = count(summary.not_followed, "function");
        writeln!(out, "{functions} too large to be followed path by path")?;
    }
    Ok(())
}

/// `1 file`, `20 000 lines`.
fn count(n: u64, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(n))
}

/// Digits in groups of three.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// `0.04 s`, `12.3 s`, `75 s`.
fn seconds(milliseconds: u64) -> String {
    let tenths = milliseconds / 100;
    match milliseconds {
        0..10_000 => format!("{}.{:02} s", milliseconds / 1000, milliseconds % 1000 / 10),
        10_000..60_000 => format!("{}.{} s", tenths / 10, tenths % 10),
        _ => format!("{} s", milliseconds / 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(1, "file"), "1 file");
        assert_eq!(count(0, "file"), "0 files");
        assert_eq!(count(999, "line"), "999 lines");
        assert_eq!(count(2_345_678, "line"), "2 345 678 lines");
        assert_eq!(seconds(41), "0.04 s");
        assert_eq!(seconds(9_999), "9.99 s");
        assert_eq!(seconds(12_345), "12.3 s");
        assert_eq!(seconds(75_000), "75 s");
    }
}
