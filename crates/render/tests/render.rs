//! How findings look, format by format.

use std::collections::BTreeMap;

use stanch_base::TextRange;
use stanch_diagnostic::{
    Action, Cause, Check, Confidence, Diagnostic, Edit, Finding, Fix, Frame, Goroutine, Label,
    Location, Remedy, Safety, Severity, Stage, Step,
};
use stanch_render::{Document, Look, Summary};

const CHECK: Check = Check {
    code: "CH001",
    name: "abandoned-send",
    summary: "a send waits for a receiver that has gone",
    cause: Cause::ChannelBlocking,
    stage: Stage::Stable("0.1.0"),
};

const FETCH: &str = r#"package fetch

import "context"

func Get(ctx context.Context) int {
	ch := make(chan int)
	go func() {
		ch <- work()
	}()
	select {
	case v := <-ch:
		return v
	case <-ctx.Done():
		return 0
	}
}
"#;

const WORK: &str = "package fetch\n\nfunc work() int {\n\treturn 1\n}\n";

const SUMMARY: Summary = Summary {
    packages: 12,
    files: 80,
    lines: 20_000,
    unknown_expressions: 7,
    suppressed: 0,
    roots: 30,
    inconclusive: 0,
    blurred: 0,
    bounded: 0,
    retries: 0,
    left_out: 0,
    largest: 0,
    not_followed: 0,
    functions: 400,
    irrelevant: 300,
    instructions: 5000,
    states: 1234,
    milliseconds: 41,
};

/// The place of `needle` in `text`.
fn at(file: &str, text: &str, needle: &str) -> Location {
    let start = text.find(needle).unwrap_or(text.len()) as u32;
    Location { file: file.into(), range: TextRange::new(start, start + needle.len() as u32) }
}

fn fetch(needle: &str) -> Location {
    at("fetch/fetch.go", FETCH, needle)
}

fn frame(function: &str, location: Location) -> Frame {
    Frame { function: function.into(), location }
}

fn step(goroutine: u32, function: &str, location: Location, action: Action, detail: &str) -> Step {
    Step { goroutine, function: function.into(), location, action, detail: detail.into() }
}

/// A finding without anything that is optional.
fn bare(location: Location) -> Finding {
    Finding {
        check: &CHECK,
        cause: Cause::ChannelBlocking,
        remedy: Remedy::BufferChannel,
        severity: Severity::Error,
        confidence: Confidence::Proved,
        message: "this send blocks for ever when `Get` returns at line 14".into(),
        label: "blocks here".into(),
        package: "example.com/m/fetch".into(),
        function: "example.com/m/fetch.Get.func1".into(),
        location,
        goroutine: None,
        also_blocked: Vec::new(),
        related: Vec::new(),
        witness: Vec::new(),
        notes: Vec::new(),
        help: None,
        fix: None,
        fingerprint: "abandoned-send:0f1e2d3c".into(),
    }
}

fn abandoned_send() -> Finding {
    let get = "example.com/m/fetch.Get";
    let func1 = "example.com/m/fetch.Get.func1";
    Finding {
        goroutine: Some(Goroutine {
            entry: func1.into(),
            wait: "chan send".into(),
            frames: vec![frame(func1, fetch("ch <- work()"))],
            created_by: Some(frame(get, fetch("go func()"))),
        }),
        related: vec![
            Label { location: fetch("make(chan int)"), message: "`ch` has no buffer".into() },
            Label { location: fetch("<-ch:"), message: "the only receive is here".into() },
            Label {
                location: fetch("return 0"),
                message: "nobody receives after this return".into(),
            },
        ],
        witness: vec![
            step(0, get, fetch("go func()"), Action::Go, "starts goroutine 1"),
            step(0, get, fetch("<-ctx.Done()"), Action::Select, "takes the arm `<-ctx.Done()`"),
            step(0, get, fetch("return 0"), Action::Return, "returns"),
            step(1, func1, fetch("ch <- work()"), Action::Block, "sends on `ch`: blocks for ever"),
        ],
        notes: vec!["`ch` is not used by any other goroutine".into()],
        help: Some("give `ch` a buffer of 1, so that the send never waits".into()),
        ..bare(fetch("ch <- work()"))
    }
}

/// What `write` makes of these findings.
fn rendered(
    sources: &[(&str, &str)],
    findings: &[Finding],
    diagnostics: &[Diagnostic],
    write: impl Fn(&mut dyn std::io::Write, &Document<'_>) -> std::io::Result<()>,
) -> String {
    let sources: BTreeMap<&str, &str> = sources.iter().copied().collect();
    let document = Document { findings, diagnostics, sources: &sources, summary: SUMMARY };
    let mut out = Vec::new();
    assert!(write(&mut out, &document).is_ok());
    String::from_utf8_lossy(&out).into_owned()
}

fn full(sources: &[(&str, &str)], finding: Finding) -> String {
    rendered(sources, &[finding], &[], |out, document| {
        stanch_render::full(out, document, Look::default())
    })
}

const SOURCES: &[(&str, &str)] = &[("fetch/fetch.go", FETCH), ("fetch/work.go", WORK)];

#[test]
fn a_finding_shows_source_schedule_and_help() {
    insta::assert_snapshot!(full(SOURCES, abandoned_send()));
}

#[test]
fn colour_sets_goroutines_apart() {
    let text = rendered(SOURCES, &[abandoned_send()], &[], |out, document| {
        stanch_render::full(out, document, Look { color: true, width: 100 })
    });
    insta::assert_snapshot!(text.replace('\u{1b}', "ESC"));
}

#[test]
fn labels_may_lie_in_several_files() {
    let mut finding = abandoned_send();
    finding.confidence = Confidence::Likely;
    finding.related.push(Label {
        location: at("fetch/work.go", WORK, "return 1"),
        message: "after this".into(),
    });
    finding.related.push(Label {
        location: Location { file: "gone/gone.go".into(), range: TextRange::new(7, 9) },
        message: "a file that is not at hand".into(),
    });
    let Some(goroutine) = finding.goroutine.clone() else { return };
    finding.also_blocked = vec![goroutine.clone(), goroutine];
    insta::assert_snapshot!(full(SOURCES, finding));
}

#[test]
fn wide_characters_tabs_and_crlf_keep_the_marks_in_place() {
    let text = "package p\r\n\r\nfunc f() {\r\n\t世界 := \"\u{fc}\u{1b}[31m\"; ch <- 世界\t// ende\r\n\treturn\r\n}\r\n";
    let mut finding = bare(at("p.go", text, "ch <- 世界"));
    finding.related =
        vec![Label { location: at("p.go", text, "return\r\n}"), message: "returns".into() }];
    insta::assert_snapshot!(full(&[("p.go", text)], finding));
}

#[test]
fn long_lines_are_cut_around_each_label() {
    let text = format!(
        "package p\nvar x = \"{}\"; func f() {{ ch <- 1; y := \"{}\"; return }}\n",
        "x".repeat(4000),
        "y".repeat(4000)
    );
    let mut finding = bare(at("p.go", &text, "ch <- 1"));
    finding.related =
        vec![Label { location: at("p.go", &text, "return"), message: "returns".into() }];
    insta::assert_snapshot!(full(&[("p.go", &text)], finding));
}

#[test]
fn a_line_too_long_to_show_is_named() {
    let text = format!("package p\nvar x = \"{}\"; func f() {{ ch <- 1 }}\n", "x".repeat(200_000));
    insta::assert_snapshot!(full(&[("p.go", &text)], bare(at("p.go", &text, "ch <- 1"))));
}

#[test]
fn ranges_that_do_not_fit_the_text_do_no_harm() {
    let texts = ["", "\n", "\u{fc}", "a\r", "世\n世\n", "package p"];
    for text in texts {
        for start in 0..12 {
            for end in start..12 {
                let range = TextRange::new(start, end);
                let mut finding = bare(Location { file: "p.go".into(), range });
                let location = Location { file: "p.go".into(), range: TextRange::empty(end) };
                finding.related = vec![Label { location, message: "there".into() }];
                let shown = full(&[("p.go", text)], finding);
                assert!(shown.contains("p.go"), "{text:?} {range:?}: {shown}");
            }
        }
    }
}

#[test]
fn a_long_witness_is_shortened() {
    let mut finding = abandoned_send();
    let turn =
        step(1, "example.com/m/fetch.Get.func1", fetch("ch <- work()"), Action::Send, "sends");
    finding.witness.splice(1..1, vec![turn; 40]);
    insta::assert_snapshot!(full(SOURCES, finding));
}

#[test]
fn concise_is_one_line_a_finding() {
    let mut second = bare(fetch("return v"));
    second.message = "two\nlines".into();
    let text = rendered(SOURCES, &[abandoned_send(), second], &[], |out, document| {
        stanch_render::concise(out, document, Look::default())
    });
    insta::assert_snapshot!(text);
}

#[test]
fn diagnostics_are_grouped() {
    let warning = |message: &str, location| Diagnostic {
        severity: Severity::Warning,
        message: message.into(),
        location,
    };
    let mut diagnostics = vec![Diagnostic {
        severity: Severity::Error,
        message: "`go.mod` does not parse".into(),
        location: Some(Location { file: "go.mod".into(), range: TextRange::empty(0) }),
    }];
    for needle in ["package", "import", "func", "ch :=", "select"] {
        diagnostics.push(warning("the same everywhere", Some(fetch(needle))));
    }
    diagnostics.extend((0..25).map(|n| warning(&format!("package `p{n}` is missing"), None)));
    let text = rendered(SOURCES, &[], &diagnostics, |out, document| {
        stanch_render::diagnostics(out, document, Look::default())
    });
    insta::assert_snapshot!(text);
}

fn last_lines(summary: Summary, findings: &[Finding]) -> String {
    rendered(SOURCES, findings, &[], |out, document| {
        stanch_render::summary(out, &Document { summary, ..*document }, Look::default())
    })
}

#[test]
fn the_last_line_counts() {
    let none = last_lines(SUMMARY, &[]);
    assert_eq!(none, "no leaks found in 12 packages (80 files, 20 000 lines) in 0.04 s\n");
    let three = last_lines(SUMMARY, &[abandoned_send(), abandoned_send(), abandoned_send()]);
    assert_eq!(three, "3 findings in 12 packages (80 files, 20 000 lines) in 0.04 s\n");
}

#[test]
fn the_last_lines_say_what_is_not_shown() {
    let summary = Summary {
        suppressed: 1,
        inconclusive: 2,
        blurred: 4,
        left_out: 3,
        not_followed: 1,
        ..SUMMARY
    };
    let expected = "1 finding silenced by `//stanch:ignore` comments\n\
                    2 functions of 30 too large to be explored to the end\n\
                    4 functions of 30 too large to be explored with all detail\n\
                    3 objects with too much around them to be explored\n\
                    1 function too large to be followed path by path\n";
    assert!(last_lines(summary, &[]).ends_with(expected));
}

#[test]
fn pages_set_headings_and_code_apart() {
    let mut out = Vec::new();
    let page = "# abandoned-send\n\nUse `ch` well; a lone ` stays.\n\n```go\n# no heading\n```\n";
    let look = Look { color: true, width: 80 };
    assert!(stanch_render::page(&mut out, page, look).is_ok());
    insta::assert_snapshot!(String::from_utf8_lossy(&out).replace('\u{1b}', "ESC"));
    let mut plain = Vec::new();
    assert!(stanch_render::page(&mut plain, page, Look::default()).is_ok());
    assert_eq!(plain, page.as_bytes());
}

fn json(findings: &[Finding], diagnostics: &[Diagnostic]) -> String {
    rendered(SOURCES, findings, diagnostics, stanch_render::json)
}

#[test]
fn json_has_the_documents_shape() {
    let mut finding = abandoned_send();
    finding.fix = Some(Fix {
        title: "give `ch` a buffer of 1".into(),
        safety: Safety::Safe,
        edits: vec![Edit { location: fetch("make(chan int)"), text: "make(chan int, 1)".into() }],
    });
    let missing = Diagnostic {
        severity: Severity::Warning,
        message: "package x is not in the module cache".into(),
        location: None,
    };
    let broken = Diagnostic {
        severity: Severity::Warning,
        message: "expected `}`".into(),
        location: Some(fetch("select")),
    };
    insta::assert_snapshot!(json(&[finding, bare(fetch("return v"))], &[missing, broken]));
}

/// What the documentation shows, the output has, and the other way round.
#[test]
fn json_has_the_fields_of_the_documented_example() {
    let mut finding = abandoned_send();
    finding.fix = Some(Fix {
        title: String::new(),
        safety: Safety::Unsafe,
        edits: vec![Edit { location: fetch("select"), text: String::new() }],
    });
    let diagnostic =
        Diagnostic { severity: Severity::Note, message: String::new(), location: None };
    let text = json(&[finding], &[diagnostic]);
    let documentation = include_str!("../../../docs/findings.md");
    let example = documentation.split("```json").nth(1).and_then(|rest| rest.split("```").next());
    let (Ok(shown), Ok(example)) = (
        serde_json::from_str::<serde_json::Value>(&text),
        serde_json::from_str::<serde_json::Value>(example.unwrap_or_default()),
    ) else {
        panic!("not JSON: {text}");
    };
    assert_eq!(missing("", &example, &shown), Vec::<String>::new());
    // The example does not spell out the location of a related label.
    let mut undocumented = missing("", &shown, &example);
    undocumented.retain(|path| !path.starts_with(".findings[].related[].location."));
    assert_eq!(undocumented, Vec::<String>::new());
}

/// The paths of `example` that `shown` lacks or holds with another type.
fn missing(path: &str, example: &serde_json::Value, shown: &serde_json::Value) -> Vec<String> {
    use serde_json::Value;
    match (example, shown) {
        (Value::Object(example), Value::Object(shown)) => {
            let field = |(name, value): (&String, &Value)| {
                let path = format!("{path}.{name}");
                match shown.get(name) {
                    Some(shown) => missing(&path, value, shown),
                    None => vec![path],
                }
            };
            example.iter().flat_map(field).collect()
        }
        (Value::Array(example), Value::Array(shown)) => match (example.first(), shown.first()) {
            (Some(example), Some(shown)) => missing(&format!("{path}[]"), example, shown),
            (Some(_), None) => vec![format!("{path}[]")],
            (None, _) => Vec::new(),
        },
        _ if std::mem::discriminant(example) == std::mem::discriminant(shown) => Vec::new(),
        _ => vec![format!("{path}: another type")],
    }
}
