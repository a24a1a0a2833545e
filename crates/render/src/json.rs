//! The findings document, version 1.

use std::io;

use serde::Serialize;
use stanch_base::{LineCol, TextRange};
use stanch_diagnostic as data;

use crate::Document;
use crate::files::Files;

pub(crate) fn write(out: &mut dyn io::Write, document: &Document<'_>) -> io::Result<()> {
    let mut files = Files::new(document.sources);
    let document = report(document, &mut files);
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    tool: Tool,
    findings: Vec<Finding<'a>>,
    diagnostics: Vec<Diagnostic<'a>>,
    summary: Summary,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Finding<'a> {
    rule: &'a str,
    name: &'a str,
    cause: &'a str,
    remedy: &'a str,
    severity: &'a str,
    confidence: &'a str,
    message: &'a str,
    label: &'a str,
    package: &'a str,
    function: &'a str,
    location: Location<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    goroutine: Option<Goroutine<'a>>,
    also_blocked: Vec<Goroutine<'a>>,
    related: Vec<Related<'a>>,
    witness: Vec<Step<'a>>,
    notes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<Fix<'a>>,
    fingerprint: &'a str,
}

#[derive(Serialize)]
struct Location<'a> {
    file: &'a str,
    start: Position,
    end: Position,
}

#[derive(Serialize)]
struct Position {
    line: u32,
    column: u32,
    offset: u32,
}

#[derive(Serialize)]
struct Goroutine<'a> {
    entry: &'a str,
    wait: &'a str,
    frames: Vec<Frame<'a>>,
    created_by: Option<Frame<'a>>,
}

#[derive(Serialize)]
struct Frame<'a> {
    function: &'a str,
    file: &'a str,
    line: u32,
}

#[derive(Serialize)]
struct Related<'a> {
    message: &'a str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Step<'a> {
    goroutine: u32,
    function: &'a str,
    file: &'a str,
    line: u32,
    action: &'a str,
    detail: &'a str,
}

#[derive(Serialize)]
struct Fix<'a> {
    title: &'a str,
    safety: &'static str,
    edits: Vec<Edit<'a>>,
}

#[derive(Serialize)]
struct Edit<'a> {
    file: &'a str,
    start: u32,
    end: u32,
    text: &'a str,
}

#[derive(Serialize)]
struct Diagnostic<'a> {
    severity: &'a str,
    message: &'a str,
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<Location<'a>>,
}

#[derive(Serialize)]
struct Summary {
    packages: u64,
    files: u64,
    lines: u64,
    findings: u64,
    suppressed: u64,
    unknown_expressions: u64,
    roots: u64,
    inconclusive: u64,
    blurred: u64,
    bounded: u64,
    retries: u64,
    left_out: u64,
    largest: u64,
    not_followed: u64,
    functions: u64,
    irrelevant: u64,
    instructions: u64,
    states: u64,
    milliseconds: u64,
}

fn report<'a>(document: &Document<'a>, files: &mut Files<'a>) -> Report<'a> {
    Report {
        version: 1,
        tool: Tool { name: "stanch", version: env!("CARGO_PKG_VERSION") },
        findings: document.findings.iter().map(|finding| self::finding(finding, files)).collect(),
        diagnostics: document.diagnostics.iter().map(|d| diagnostic(d, files)).collect(),
        summary: Summary {
            packages: document.summary.packages,
            files: document.summary.files,
            lines: document.summary.lines,
            findings: document.findings.len() as u64,
            suppressed: document.summary.suppressed,
            unknown_expressions: document.summary.unknown_expressions,
            roots: document.summary.roots,
            inconclusive: document.summary.inconclusive,
            blurred: document.summary.blurred,
            bounded: document.summary.bounded,
            retries: document.summary.retries,
            left_out: document.summary.left_out,
            largest: document.summary.largest,
            not_followed: document.summary.not_followed,
            functions: document.summary.functions,
            irrelevant: document.summary.irrelevant,
            instructions: document.summary.instructions,
            states: document.summary.states,
            milliseconds: document.summary.milliseconds,
        },
    }
}

fn finding<'a>(finding: &'a data::Finding, files: &mut Files<'_>) -> Finding<'a> {
    Finding {
        rule: finding.check.code,
        name: finding.check.name,
        cause: finding.cause.as_str(),
        remedy: finding.remedy.as_str(),
        severity: finding.severity.as_str(),
        confidence: finding.confidence.as_str(),
        message: &finding.message,
        label: &finding.label,
        package: &finding.package,
        function: &finding.function,
        location: location(&finding.location, files),
        goroutine: finding.goroutine.as_ref().map(|g| goroutine(g, files)),
        also_blocked: finding.also_blocked.iter().map(|g| goroutine(g, files)).collect(),
        related: finding.related.iter().map(|label| related(label, files)).collect(),
        witness: finding.witness.iter().map(|step| self::step(step, files)).collect(),
        notes: &finding.notes,
        help: finding.help.as_deref(),
        fix: finding.fix.as_ref().map(fix),
        fingerprint: &finding.fingerprint,
    }
}

fn location<'a>(location: &'a data::Location, files: &mut Files<'_>) -> Location<'a> {
    let TextRange { start, end } = location.range;
    Location {
        file: &location.file,
        start: position(files.line_col(&location.file, start), start),
        end: position(files.line_col(&location.file, end), end),
    }
}

fn position(at: LineCol, offset: u32) -> Position {
    Position { line: at.line, column: at.column, offset }
}

fn goroutine<'a>(goroutine: &'a data::Goroutine, files: &mut Files<'_>) -> Goroutine<'a> {
    Goroutine {
        entry: &goroutine.entry,
        wait: &goroutine.wait,
        frames: goroutine.frames.iter().map(|f| frame(f, files)).collect(),
        created_by: goroutine.created_by.as_ref().map(|f| frame(f, files)),
    }
}

fn frame<'a>(frame: &'a data::Frame, files: &mut Files<'_>) -> Frame<'a> {
    Frame {
        function: &frame.function,
        file: &frame.location.file,
        line: files.start(&frame.location).line,
    }
}

fn related<'a>(label: &'a data::Label, files: &mut Files<'_>) -> Related<'a> {
    Related { message: &label.message, location: location(&label.location, files) }
}

fn step<'a>(step: &'a data::Step, files: &mut Files<'_>) -> Step<'a> {
    Step {
        goroutine: step.goroutine,
        function: &step.function,
        file: &step.location.file,
        line: files.start(&step.location).line,
        action: step.action.as_str(),
        detail: &step.detail,
    }
}

fn fix(fix: &data::Fix) -> Fix<'_> {
    let safety = match fix.safety {
        data::Safety::Safe => "safe",
        data::Safety::Unsafe => "unsafe",
    };
    let edits = fix.edits.iter().map(|edit| Edit {
        file: &edit.location.file,
        start: edit.location.range.start,
        end: edit.location.range.end,
        text: &edit.text,
    });
    Fix { title: &fix.title, safety, edits: edits.collect() }
}

fn diagnostic<'a>(diagnostic: &'a data::Diagnostic, files: &mut Files<'_>) -> Diagnostic<'a> {
    Diagnostic {
        severity: diagnostic.severity.as_str(),
        message: &diagnostic.message,
        file: diagnostic.location.as_ref().map(|at| at.file.as_str()),
        location: diagnostic
            .location
            .as_ref()
            .filter(|at| at.range != TextRange::empty(0))
            .map(|at| location(at, files)),
    }
}
