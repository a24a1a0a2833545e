//! Deep and long input: no stack overflow, linear time, a bounded tree.

use stanch_syntax::{MAX_DEPTH, ParseMode, Parsed, dump, parse, validate};

const MILLION: usize = 1_000_000;

/// Parses on a thread with the stack of a rayon worker and checks the tree.
fn parse_small_stack(text: String) -> Parsed {
    let parse = move || {
        let parsed = parse(&text, ParseMode::Full);
        validate(&parsed.ast, &text).expect("a valid tree");
        parsed
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(parse);
    thread.expect("a thread").join().expect("no panic")
}

fn in_body(statements: &str) -> String {
    format!("package p\nfunc f() {{\n{statements}\n}}\nfunc last() {{}}\n")
}

/// Too deep: an error that says so, and the declaration after it is still found.
#[track_caller]
fn too_deep(text: String) {
    let parsed = parse_small_stack(text);
    let message = &parsed.errors.first().expect("an error").message;
    assert!(message.contains("levels deep"), "{message}");
    assert_eq!(parsed.ast.decls.len(), 2, "declarations");
}

#[track_caller]
fn accepted(text: String) {
    let parsed = parse_small_stack(text);
    assert_eq!(parsed.errors, []);
}

#[test]
fn nested_brackets() {
    for (open, close) in [("(", ")"), ("[", "]"), ("{", "}"), ("f(", ")"), ("x[", "]")] {
        let balanced = format!("{}x{}", open.repeat(MILLION), close.repeat(MILLION));
        too_deep(in_body(&balanced));
        too_deep(in_body(&open.repeat(MILLION)));
    }
    too_deep(in_body(&format!("x = {}{}", "T{".repeat(MILLION), "}".repeat(MILLION))));
    too_deep(in_body(&format!("x = T{}{}", "{".repeat(MILLION), "}".repeat(MILLION))));
    too_deep(in_body(&"{\n".repeat(MILLION)));
}

#[test]
fn nested_operators_and_types() {
    for operator in ["-", "!", "<-", "*", "&", "^"] {
        too_deep(in_body(&format!("x = {}y", format!("{operator} ").repeat(MILLION))));
    }
    for prefix in [
        "[]",
        "*",
        "chan ",
        "<-chan ",
        "map[int]",
        "func() ",
        "func(",
        "struct{ a ",
        "(",
        "interface{ m() ",
        "[4]",
        "T[",
    ] {
        let text = format!("package p\ntype T {}int\nfunc last() {{}}\n", prefix.repeat(MILLION));
        too_deep(text);
    }
}

#[test]
fn nested_statements() {
    for statement in [
        "if x {\n",
        "for {\n",
        "switch {\ncase x:\n",
        "select {\ncase <-c:\n",
        "func() {\n",
        "x = func() {\n",
        "L: ",
        "if f(func() {\n",
    ] {
        too_deep(in_body(&statement.repeat(MILLION / 4)));
    }
    too_deep(in_body(&format!("if x {{}}{}", " else if y {}".repeat(MILLION))));
    accepted(in_body(&format!("if x {{}}{}", " else if y {}".repeat(2000))));
}

#[test]
fn long_chains() {
    too_deep(in_body(&format!("x = 1{}", "+1".repeat(MILLION))));
    too_deep(in_body(&format!("x{} = 1", ".y".repeat(MILLION))));
    too_deep(in_body(&format!("x{}", "()".repeat(MILLION))));
    too_deep(in_body(&format!("x = y{}", "[0]".repeat(MILLION))));
    accepted(in_body(&format!("x = 1{}", "+1".repeat(2000))));
    // Siblings do not add up.
    accepted(in_body(&format!("f(a{})", ", a+b*c".repeat(MILLION / 10))));
    accepted(in_body(&format!("x = T{{{}}}", "a: b + c.d, ".repeat(MILLION / 10))));
    accepted(in_body(&"x = a + b.c\n".repeat(MILLION / 10)));
    let constraints = "A interface{ int|string }\n".repeat(MILLION / 10);
    accepted(format!("package p\ntype (\n{constraints})\nfunc last() {{}}\n"));
}

#[test]
fn long_string_concatenations_stay_whole() {
    let parsed = parse_small_stack(in_body(&format!("x = \"a\"{}", " +\n\"b\"".repeat(MILLION))));
    assert_eq!(parsed.errors, []);
    let parsed = parse_small_stack(in_body(&format!("x = y{} == z", "+\"b\"".repeat(10_000))));
    assert_eq!(parsed.errors, []);
    let text = in_body(&format!("x = \"a\"{}", " + \"b\"".repeat(5000)));
    assert_eq!(dump(&parse(&text, ParseMode::Full).ast, &text).matches("String").count(), 5001);
}

#[test]
fn unclosed_and_unreadable() {
    for piece in [
        "\"", "`", "'", "/*", "\\", "#", "@", "}", ")", "]", ";", ":", ",", "else ", "case ",
        "func ", "type ", "import ", "package ", "\0", "0x", "é", "x.", "x:", "<-", "...",
    ] {
        parse_small_stack(format!("package p\n{}", piece.repeat(MILLION / 10)));
        parse_small_stack(in_body(&piece.repeat(MILLION / 10)));
        parse_small_stack(in_body(&format!("{piece}\n").repeat(MILLION / 10)));
        parse_small_stack(in_body(&format!("{piece} x ) ").repeat(MILLION / 10)));
        parse_small_stack(in_body(&format!("{} {piece}", "f(".repeat(MILLION / 10))));
    }
}

#[test]
fn the_bound_leaves_room_for_recursion() {
    const { assert!(MAX_DEPTH <= 2500, "later layers recurse to this depth") };
}
