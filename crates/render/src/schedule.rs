//! The witness as a table of numbered steps, and what each goroutine that is left waits for.

use std::fmt::Write;

use annotate_snippets::renderer::{AnsiColor, Style};
use stanch_diagnostic::{Action, Confidence, Finding, Goroutine, Location};

use crate::Look;
use crate::files::Files;
use crate::style::one_line;

/// Steps shown at the start and at the end of a witness that is too long to show whole.
const HEAD: usize = 12;
const TAIL: usize = 12;
/// The places stand in one column as long as the words before them are no longer than this.
const DETAIL_COLUMNS: usize = 56;

/// A row of the table, as text.
struct Row {
    number: usize,
    goroutine: u32,
    who: String,
    detail: String,
    place: String,
}

/// The steps of the witness, a line each; `None` if there are fewer than two.
pub(crate) fn steps(finding: &Finding, files: &mut Files<'_>, look: Look) -> Option<String> {
    if finding.witness.len() < 2 {
        return None;
    }
    let rows: Vec<Row> = finding
        .witness
        .iter()
        .enumerate()
        .map(|(index, step)| Row {
            number: index + 1,
            goroutine: step.goroutine,
            who: who(finding, step.goroutine),
            detail: one_line(&step.detail),
            place: place(finding, &step.location, files),
        })
        .collect();
    let digits = rows.len().to_string().len();
    let who_width = rows.iter().map(|row| columns(&row.who)).max().unwrap_or(0);
    let detail_width = rows.iter().map(|row| columns(&row.detail)).max().unwrap_or(0);
    let detail_width = detail_width.min(DETAIL_COLUMNS);

    let mut text = "how the program gets there, step by step:".to_owned();
    let hidden = rows.len().saturating_sub(HEAD + TAIL);
    let n_rows = rows.len();
    for (index, row) in rows.into_iter().enumerate() {
        if hidden > 1 && (HEAD..n_rows - TAIL).contains(&index) {
            if index == HEAD {
                let _ = write!(text, "\n {:>digits$}  ({hidden} more steps)", "");
            }
            continue;
        }
        let Row { number, goroutine, who, detail, place } = row;
        let style = look.paint(goroutine_style(goroutine));
        let dim = look.paint(Style::new().dimmed());
        let who_pad = " ".repeat(who_width.saturating_sub(columns(&who)));
        let detail_pad = " ".repeat(detail_width.saturating_sub(columns(&detail)));
        let _ = write!(
            text,
            "\n {number:>digits$}  {style}{who}{style:#}{who_pad}  {detail}{detail_pad}  \
             {dim}{place}{dim:#}"
        );
    }
    Some(text)
}

/// One line for each goroutine that is left, equal ones together.
pub(crate) fn waiting(finding: &Finding, files: &mut Files<'_>, look: Look) -> Vec<String> {
    let mut lines: Vec<(String, usize)> = Vec::new();
    for goroutine in finding.goroutine.iter().chain(&finding.also_blocked) {
        let line = waiting_line(finding, goroutine, files, look);
        match lines.iter_mut().find(|(known, _)| *known == line) {
            Some((_, count)) => *count += 1,
            None => lines.push((line, 1)),
        }
    }
    let line = |(line, count): (String, usize)| match count {
        1 => line,
        _ => format!("{line} ({count} goroutines)"),
    };
    lines.into_iter().map(line).collect()
}

fn waiting_line(
    finding: &Finding,
    goroutine: &Goroutine,
    files: &mut Files<'_>,
    look: Look,
) -> String {
    let number = number_of(finding, goroutine);
    let who = number.map_or_else(|| "a goroutine".to_owned(), |number| who(finding, number));
    let style = look.paint(number.map_or_else(Style::new, goroutine_style));
    let bold = look.paint(Style::new().bold());
    let verb = if finding.confidence == Confidence::Proved { "is" } else { "can be" };
    let mut line = format!("{style}{who}{style:#} {verb} left for ever in ");
    let wait = one_line(&goroutine.wait);
    let _ = write!(line, "{bold}{wait}{bold:#}");
    if let Some(frame) = goroutine.frames.first() {
        let function = one_line(&frame.function);
        let place = place(finding, &frame.location, files);
        let _ = write!(line, " (`{}`, {place})", short_symbol(&function));
    }
    if let Some(creator) = &goroutine.created_by {
        let function = one_line(&creator.function);
        let place = place(finding, &creator.location, files);
        let _ = write!(line, ", started by `{}` at {place}", short_symbol(&function));
    }
    line
}

/// The number that the witness gives to `goroutine`.
fn number_of(finding: &Finding, goroutine: &Goroutine) -> Option<u32> {
    let frame = goroutine.frames.first()?;
    let blocked = finding.witness.iter().rev().filter(|step| step.action == Action::Block);
    let same_place = |location: &Location| {
        location.file == frame.location.file && location.range == frame.location.range
    };
    let mut numbers = blocked.filter(|step| same_place(&step.location)).map(|step| step.goroutine);
    let number = numbers.next()?;
    // Several goroutines at one operation: no telling which is meant.
    numbers.all(|other| other == number).then_some(number)
}

/// What to call a goroutine: `goroutine 1`; the root by the function that it starts in.
fn who(finding: &Finding, goroutine: u32) -> String {
    if goroutine != 0 {
        return format!("goroutine {goroutine}");
    }
    let first = finding.witness.iter().find(|step| step.goroutine == 0);
    let symbol = first.map(|step| one_line(&step.function)).unwrap_or_default();
    match short_symbol(&symbol) {
        "" => "goroutine 0".to_owned(),
        "main.main" => "main".to_owned(),
        // The package goes without saying: it is the one that the reader looks at.
        name => name.split_once('.').map_or(name, |(_, rest)| rest).to_owned(),
    }
}

/// A runtime symbol without the directories of its import path: `pkg.(*T).Run.func1`.
fn short_symbol(symbol: &str) -> &str {
    let type_arguments = symbol.find('[').unwrap_or(symbol.len());
    let path = symbol.get(..type_arguments).unwrap_or(symbol);
    path.rfind('/').and_then(|slash| symbol.get(slash + 1..)).unwrap_or(symbol)
}

/// `file.go:22`, with its folder if that is not the finding's.
fn place(finding: &Finding, location: &Location, files: &mut Files<'_>) -> String {
    let line = files.start(location).line;
    let file = one_line(&location.file);
    let name = match file.rsplit_once('/') {
        Some((folder, name))
            if finding.location.file.rsplit_once('/').map(|p| p.0) == Some(folder) =>
        {
            name
        }
        _ => &file,
    };
    format!("{name}:{line}")
}

fn goroutine_style(goroutine: u32) -> Style {
    const COLORS: [AnsiColor; 6] = [
        AnsiColor::Cyan,
        AnsiColor::Magenta,
        AnsiColor::Yellow,
        AnsiColor::Green,
        AnsiColor::BrightBlue,
        AnsiColor::BrightRed,
    ];
    let color = COLORS.get(goroutine as usize % COLORS.len()).copied();
    color.unwrap_or(AnsiColor::Cyan).on_default()
}

/// Columns that `text` takes, wide characters counted as one.
fn columns(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_lose_their_directories_only() {
        assert_eq!(short_symbol("example.com/m/fetch.Get.func1"), "fetch.Get.func1");
        assert_eq!(short_symbol("main.main"), "main.main");
        assert_eq!(short_symbol("a/b.Map[a/c.K]"), "b.Map[a/c.K]");
        assert_eq!(short_symbol("a/b.(*T).Run"), "b.(*T).Run");
    }
}
