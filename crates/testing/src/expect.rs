//! Expectation comments, and what differs between them and the findings.

use crate::{Fixture, FixtureFile};
use stanch_base::{LineIndex, TextRange};
use stanch_diagnostic::{Finding, Location};

/// What a comment expects.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A finding of the check with this name.
    Leak(String),
    /// A secondary label of some finding.
    Label,
}

/// One expectation comment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expectation {
    /// Display path of the file.
    pub file: String,
    /// What the carets cover.
    pub range: TextRange,
    /// What is expected there.
    pub kind: Kind,
    /// Part of the words.
    pub text: String,
}

/// One line for each difference; empty if everything found is expected and the other way round.
pub fn compare(fixture: &Fixture, findings: &[Finding]) -> Vec<String> {
    let expected: Vec<Expectation> = fixture.files.iter().flat_map(expectations).collect();
    let mut differences = Vec::new();
    for e in &expected {
        let met = match &e.kind {
            Kind::Leak(name) => findings.iter().any(|f| meets(f, name, e)),
            Kind::Label => findings
                .iter()
                .flat_map(|f| &f.related)
                .any(|label| matches_place(&label.location, e) && label.message.contains(&e.text)),
        };
        if !met {
            let at = place(fixture, &e.file, e.range);
            differences.push(format!("missing: {at}: {:?}: {}", e.kind, e.text));
        }
    }
    for f in findings {
        let leak = |e: &Expectation| matches!(&e.kind, Kind::Leak(name) if meets(f, name, e));
        if !expected.iter().any(leak) {
            let at = place(fixture, &f.location.file, f.location.range);
            differences.push(format!("not expected: {at}: {}: {}", f.check.name, f.message));
        }
    }
    if !differences.is_empty() {
        differences.extend(findings.iter().flat_map(|f| describe(fixture, f)));
    }
    differences
}

fn describe(fixture: &Fixture, f: &Finding) -> Vec<String> {
    let at = place(fixture, &f.location.file, f.location.range);
    let confidence = f.confidence.as_str();
    let mut lines =
        vec![format!("found: {at}: {} ({confidence}): {} [{}]", f.check.name, f.message, f.label)];
    for label in &f.related {
        let at = place(fixture, &label.location.file, label.location.range);
        lines.push(format!("    label {at}: {}", label.message));
    }
    for step in &f.witness {
        let at = place(fixture, &step.location.file, step.location.range);
        let action = step.action.as_str();
        lines.push(format!("    step {} {at}: {action}: {}", step.goroutine, step.detail));
    }
    lines
}

fn meets(finding: &Finding, name: &str, e: &Expectation) -> bool {
    finding.check.name == name
        && matches_place(&finding.location, e)
        && (finding.message.contains(&e.text) || finding.label.contains(&e.text))
}

fn matches_place(location: &Location, e: &Expectation) -> bool {
    location.file == e.file
        && location.range.start == e.range.start
        && e.range.end <= location.range.end.max(location.range.start + 2)
}

fn place(fixture: &Fixture, file: &str, range: TextRange) -> String {
    let Some(found) = fixture.files.iter().find(|f| f.path == file) else {
        return format!("{file}:{range:?}");
    };
    let index = LineIndex::new(&found.text);
    let start = index.line_col(range.start);
    let text = range.of(&found.text);
    let first = text.lines().next().unwrap_or_default();
    format!("{file}:{}:{} `{first}`", start.line, start.column)
}

/// The expectation comments of a file.
fn expectations(file: &FixtureFile) -> Vec<Expectation> {
    let mut expected = Vec::new();
    let mut offset = 0;
    let mut target = 0;
    for line in file.text.split_inclusive('\n') {
        match expectation(line) {
            Some((column, carets, kind, text)) => {
                let start = (target + column) as u32;
                let range = TextRange::new(start, start + carets as u32);
                expected.push(Expectation { file: file.path.clone(), range, kind, text });
            }
            None => target = offset,
        }
        offset += line.len();
    }
    expected
}

/// Column of the first caret in bytes, number of carets, what and words.
fn expectation(line: &str) -> Option<(usize, usize, Kind, String)> {
    let indent = line.len() - line.trim_start().len();
    let rest = line.trim_start().strip_prefix("//")?;
    let carets = rest.len() - rest.trim_start_matches('^').len();
    if carets == 0 {
        return None;
    }
    let (head, text) = rest[carets..].trim().split_once(':')?;
    let kind = match head.trim() {
        "label" => Kind::Label,
        head => Kind::Leak(head.strip_prefix("leak[")?.strip_suffix(']')?.to_owned()),
    };
    Some((indent + 2, carets, kind, text.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carets_point_to_the_line_before() {
        let text = "a := 1\n   //^^ leak[x]: one\n //^ label: two\n";
        let fixture = Fixture::parse(&format!("//- /a/a.go\n{text}"));
        let found = expectations(&fixture.files[0]);
        assert_eq!(found.len(), 2);
        let start = fixture.files[0].text.find("a := 1").unwrap_or_default() as u32;
        assert_eq!(found[0].range, TextRange::new(start + 5, start + 7));
        assert_eq!(found[0].kind, Kind::Leak("x".to_owned()));
        assert_eq!(found[1].range, TextRange::new(start + 3, start + 4));
        assert_eq!((&found[1].kind, &*found[1].text), (&Kind::Label, "two"));
    }
}
