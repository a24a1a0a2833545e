//! Annotated source in the manner of rustc.

use std::io;

use annotate_snippets::{
    Annotation, AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet,
};
use stanch_diagnostic::{Confidence, Finding, Label, Location, Severity};

use crate::files::{Files, Span};
use crate::style::one_line;
use crate::{Document, Look, schedule};

/// A line longer than this many bytes is named but not shown.
const SHOWN_LINE_BYTES: u32 = 100_000;
/// Labels on lines longer than this many bytes get a snippet of their own, so that the renderer can
/// cut the line around each of them.
const SHARED_LINE_BYTES: u32 = 240;

pub(crate) fn write(
    out: &mut dyn io::Write,
    document: &Document<'_>,
    look: Look,
) -> io::Result<()> {
    let mut files = Files::new(document.sources);
    let renderer = if look.color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(look.width);
    for (index, finding) in document.findings.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        let group = group(finding, &mut files, look);
        writeln!(out, "{}", renderer.render(&[group]))?;
    }
    Ok(())
}

fn group<'a>(finding: &'a Finding, files: &mut Files<'a>, look: Look) -> Group<'a> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(one_line(&finding.message)).id(finding.check.name);
    let mut group = Group::with_title(title);
    let mut notes = Vec::new();
    for section in sections(finding, files) {
        group = group.element(section.element(files, &mut notes));
    }
    if let Some(steps) = schedule::steps(finding, files, look) {
        group = group.element(Level::NOTE.message(steps));
    }
    for waiting in schedule::waiting(finding, files, look) {
        group = group.element(Level::NOTE.message(waiting));
    }
    notes.extend(finding.notes.iter().map(|note| clean_lines(note)));
    match finding.confidence {
        Confidence::Proved => {}
        Confidence::Likely => {
            notes.push("this is likely, not proved: a step above rests on an assumption".to_owned())
        }
        Confidence::Possible => {
            notes.push("this is possible, not proved: have a look before you change it".to_owned());
        }
    }
    group = group.elements(notes.into_iter().map(|note| Level::NOTE.message(note)));
    let fix = finding.fix.as_ref().map(|fix| fix.title.as_str());
    if let Some(help) = finding.help.as_deref().or(fix) {
        group = group.element(Level::HELP.message(clean_lines(help)));
    }
    let explain = format!(
        "for more about this leak, run `stanch explain {}` ({})",
        finding.check.name, finding.check.code
    );
    group.element(Level::HELP.message(explain))
}

/// One annotated excerpt of one file.
struct Section<'a> {
    file: &'a str,
    /// Whether no other label may join.
    alone: bool,
    marks: Vec<Mark<'a>>,
}

/// One underlined place and its words.
struct Mark<'a> {
    kind: AnnotationKind,
    span: Option<Span>,
    location: &'a Location,
    words: &'a str,
}

/// The excerpts of a finding: the primary label's file first, then the others in the order in which
/// the labels name them.
fn sections<'a>(finding: &'a Finding, files: &mut Files<'_>) -> Vec<Section<'a>> {
    let mut sections: Vec<Section<'a>> = Vec::new();
    let mut add = |kind, location: &'a Location, words: &'a str| {
        let span = files.span(location);
        let mark = Mark { kind, span, location, words };
        let alone = span.is_none_or(|span| {
            let line = files.lines(&location.file, span.line, span.line);
            line.len() > SHARED_LINE_BYTES
        });
        let open = |section: &&mut Section<'_>| section.file == location.file && !section.alone;
        match sections.iter_mut().find(open).filter(|_| !alone) {
            Some(section) => section.marks.push(mark),
            None => sections.push(Section { file: &location.file, alone, marks: vec![mark] }),
        }
    };
    add(AnnotationKind::Primary, &finding.location, &finding.label);
    for Label { location, message } in &finding.related {
        add(AnnotationKind::Context, location, message);
    }
    sections
}

impl<'a> Section<'a> {
    /// The excerpt. Words that have no line to stand on go to `notes`.
    fn element(&self, files: &mut Files<'a>, notes: &mut Vec<String>) -> Element<'a> {
        let lines = self.marks.iter().filter_map(|mark| mark.span.map(|span| span.line));
        let (first, last) = lines.fold((u32::MAX, 0), |(a, b), line| (a.min(line), b.max(line)));
        let window = files.lines(self.file, first, last);
        let too_long = self.alone && window.len() > SHOWN_LINE_BYTES;
        let text = files.text(self.file);
        if first > last || too_long || text.is_empty() {
            return self.origin(files, notes);
        }
        let annotations = self.marks.iter().filter_map(|mark| {
            let range = mark.span?.range;
            let start = range.start.checked_sub(window.start)? as usize;
            let end = range.end.checked_sub(window.start)? as usize;
            Some(annotation(mark.kind, start..end, mark.words))
        });
        let source = text.get(window.start as usize..window.end as usize).unwrap_or_default();
        Snippet::source(source)
            .line_start(first as usize)
            .path(self.file)
            .annotations(annotations)
            .into()
    }

    /// Only the place, where the source cannot be shown.
    fn origin(&self, files: &mut Files<'a>, notes: &mut Vec<String>) -> Element<'a> {
        let words = self.marks.iter().map(|mark| mark.words).filter(|words| !words.is_empty());
        notes.extend(words.map(clean_lines));
        let origin = Origin::path(self.file);
        match self.marks.first().filter(|mark| mark.span.is_some()) {
            Some(mark) => {
                let at = files.start(mark.location);
                origin.line(at.line as usize).char_column(at.column as usize).into()
            }
            None => origin.into(),
        }
    }
}

fn annotation<'a>(
    kind: AnnotationKind,
    span: std::ops::Range<usize>,
    words: &'a str,
) -> Annotation<'a> {
    let annotation = kind.span(span);
    if words.is_empty() { annotation } else { annotation.label(words) }
}

/// `text` without characters that would steer the terminal; its line breaks stay.
fn clean_lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(annotate_snippets::normalize_untrusted_str).collect();
    lines.join("\n")
}
