//! Fixtures: a program in text form with its leaks written beside the lines that block.

use stanch_model::{ArgSpec, Limits, Outcome, Program, explore};

/// Explores the first function and compares the leaks with the `// leak: <wait> [in <entry>]`
/// comments.
#[track_caller]
pub(crate) fn check(text: &str) -> Outcome {
    check_with(text, &[])
}

/// The same with arguments for the root.
#[track_caller]
pub(crate) fn check_with(text: &str, args: &[ArgSpec]) -> Outcome {
    let program = Program::parse(text).unwrap_or_else(|e| panic!("{e}"));
    let printed = program.to_string();
    let again = Program::parse(&printed).unwrap_or_else(|e| panic!("{e}\n{printed}"));
    assert_eq!(printed, again.to_string(), "text form does not come round");
    let root = program.functions.ids().next().expect("a function");
    let mut expected: Vec<String> = Vec::new();
    for (n, line) in text.lines().enumerate() {
        for leak in line.split("// leak: ").skip(1) {
            expected.push(format!("{}: {}", n + 1, leak.trim()));
        }
    }
    expected.sort();
    let reduced = explore(&program, root, args, &Limits::default());
    let naive = explore(&program, root, args, &Limits { reduce: false, ..Limits::default() });
    assert_eq!(expected, leaks(&program, &reduced, text), "{reduced:#?}");
    assert_eq!(leaks(&program, &naive, text), leaks(&program, &reduced, text), "naive twin");
    assert!(reduced.n_states <= naive.n_states);
    reduced
}

fn leaks(program: &Program, outcome: &Outcome, text: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for leak in &outcome.leaks {
        let site = leak.stack.first().map_or(0, |s| s.1.0);
        let line = text.lines().nth(site as usize - 1).unwrap_or_default();
        let entry = program.functions.get(leak.entry).map_or("?", |f| &f.name);
        let by_entry = line.contains(" in ");
        let entry = if by_entry { format!(" in {entry}") } else { String::new() };
        all.push(format!("{site}: {}{entry}", leak.wait.as_str()));
    }
    all.sort();
    all.dedup();
    all
}
