//! Markdown as it is, with headings and code set off by colour.

use std::io;

use annotate_snippets::renderer::{AnsiColor, Style};

use crate::Look;

pub(crate) fn write(out: &mut dyn io::Write, markdown: &str, look: Look) -> io::Result<()> {
    let heading = look.paint(Style::new().bold().underline());
    let code = look.paint(AnsiColor::Cyan.on_default());
    let mut fenced = false;
    for line in markdown.trim_end().lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            let dim = look.paint(Style::new().dimmed());
            writeln!(out, "{dim}{line}{dim:#}")?;
        } else if fenced {
            writeln!(out, "{code}{line}{code:#}")?;
        } else if line.starts_with('#') {
            writeln!(out, "{heading}{line}{heading:#}")?;
        } else {
            writeln!(out, "{}", inline(line, code))?;
        }
    }
    Ok(())
}

/// A line of text, the words between backticks in `code` style.
fn inline(line: &str, code: Style) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, quoted, after)) = next_quoted(rest) {
        text.push_str(before);
        text.push_str(&format!("{code}`{quoted}`{code:#}"));
        rest = after;
    }
    text.push_str(rest);
    text
}

/// The text before the first pair of backticks, between them, and after them.
fn next_quoted(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('`')?;
    let (quoted, after) = rest.split_once('`')?;
    Some((before, quoted, after))
}
